// A hundred slices of a whole Chinese font; a browser loads one when it meets a character of it.
import "@fontsource-variable/noto-sans-sc/index.css";
