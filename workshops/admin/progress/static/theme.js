// What an operator has chosen is kept; a browser that refuses storage forgets it with the page.
// The admin keeps its choice of dark or light here too; without one the system decides.
"use strict";

const kept = {
  read(name) {
    try { return localStorage.getItem(name); } catch { return null; }
  },
  write(name, value) {
    try {
      value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value);
    } catch { /* Then for this page only. */ }
  },
};

const themeChoice = {
  read() {
    const dark = kept.read("darkMode");
    return dark === "true" || dark === "false" ? dark : null;
  },
  write(dark) {
    kept.write("darkMode", dark);
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
