// What the server wrote into the page itself, so that the frame needs no request of its own.
const said = typeof document === "undefined" ? null : document.querySelector<HTMLMetaElement>('meta[name="city"]');

export const city = said?.content ?? "";
export const isDemo = said?.dataset["demo"] === "1";
