// The admin keeps its choice of dark or light here; without one the system decides.
try {
  const dark = localStorage.getItem("darkMode");
  if (dark === "true" || dark === "false") {
    document.documentElement.dataset.theme = dark === "true" ? "dark" : "light";
  }
} catch {
  // A browser that refuses storage follows the system.
}
