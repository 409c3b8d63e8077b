// The admin keeps its choice of dark or light here; without one the system decides.
"use strict";

const themeChoice = {
  read() {
    try {
      const dark = localStorage.getItem("darkMode");
      return dark === "true" || dark === "false" ? dark : null;
    } catch {
      return null; // A browser that refuses storage follows the system.
    }
  },
  write(dark) {
    try {
      dark === null ? localStorage.removeItem("darkMode") : localStorage.setItem("darkMode", dark);
    } catch {
      // Then for this page only.
    }
    this.show(dark);
    dispatchEvent(new CustomEvent("theme", { detail: dark }));
  },
  show(dark) {
    const root = document.documentElement;
    if (dark === null) delete root.dataset.theme;
    else root.dataset.theme = dark === "true" ? "dark" : "light";
  },
};
themeChoice.show(themeChoice.read());
