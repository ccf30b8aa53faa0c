// Which address is which page. A page's own choices stand in the query and are read by state/use-view.
import { createRouter, createWebHistory } from "vue-router";
import CataloguePage from "./pages/CataloguePage.vue";

export const router = createRouter({
  history: createWebHistory("/app/"),
  routes: [
    { path: "/", name: "catalogue", component: CataloguePage, meta: { title: "指标目录" } },
    { path: "/indicators/:id", name: "indicator", component: () => import("./pages/IndicatorPage.vue"), meta: { title: "指标" } },
    { path: "/workbench", name: "workbench", component: () => import("./pages/WorkbenchPage.vue"), meta: { title: "综合分析" } },
    { path: "/:rest(.*)*", name: "missing", component: () => import("./pages/MissingPage.vue"), meta: { title: "没有这一页" } },
  ],
  scrollBehavior(to, from, saved) {
    if (saved) return saved;
    if (to.hash) return { el: to.hash };
    return to.path === from.path ? false : { top: 0 };
  },
});

router.afterEach((to) => {
  document.title = `${String(to.meta["title"] ?? "")} · 城脉`;
});
