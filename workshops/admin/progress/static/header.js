// The search of the header and the menu of the operator, on the pages and in the admin.
"use strict";

function mendHeader(header) {
  const field = header.querySelector("#find");
  const list = header.querySelector("#found");
  const base = header.dataset.base;
  let asked, hits = [], chosen = -1;

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", "found");
  field.setAttribute("aria-expanded", "false");

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  field.addEventListener("input", look);
  field.addEventListener("focus", () => { if (hits.length) open(true); });
  field.addEventListener("blur", () => open(false));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault(); // The browser would empty the field.
      return open(false);
    }
    if (event.key === "Enter" && chosen >= 0 && !list.hidden) {
      event.preventDefault();
      location.href = base + hits[chosen].path;
    }
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!move || !hits.length) return;
    event.preventDefault();
    open(true);
    choose((chosen + move + hits.length + (chosen < 0 && move < 0 ? 1 : 0)) % hits.length);
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.href = base + hits[[...list.children].indexOf(option)].path;
  });

  async function look() {
    asked?.abort();
    const text = field.value.trim();
    choose(-1);
    if (!text) { hits = []; return open(false); }
    const mine = asked = new AbortController();
    // A search starts once the operator pauses.
    await new Promise((resolve) => setTimeout(resolve, 120));
    if (mine.signal.aborted) return;
    try {
      const query = new URLSearchParams({ find: text });
      const response = await fetch(`${base}/search.json?${query}`, { signal: mine.signal, redirect: "error" });
      if (!response.ok) return;
      hits = await response.json();
    } catch {
      return; // Another letter was typed, or the log-in is over: Enter shows the page.
    }
    list.replaceChildren(...hits.map((hit, number) => {
      const option = document.createElement("li");
      option.id = `found-${number}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const kind = document.createElement("small");
      kind.textContent = hit.kind;
      option.append(hit.label, " ", kind);
      return option;
    }));
    open(hits.length > 0 && document.activeElement === field);
  }

  function open(visible) {
    list.hidden = !visible;
    field.setAttribute("aria-expanded", String(visible));
    if (!visible) choose(-1);
  }

  function choose(number) {
    chosen = number;
    for (const [place, option] of [...list.children].entries()) {
      option.setAttribute("aria-selected", String(place === number));
      if (place === number) option.scrollIntoView({ block: "nearest" });
    }
    number < 0 ? field.removeAttribute("aria-activedescendant")
      : field.setAttribute("aria-activedescendant", `found-${number}`);
  }

  // Of all menus of the page: what is put into a live page comes later than this.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target) || event.target.closest(".menu > div a")) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!menu || (!move && event.key !== "Escape") || event.target.matches("input")) return;
    event.preventDefault();
    const [summary, ...items] = menu.querySelectorAll("summary, a, button");
    if (move) return items[(items.indexOf(event.target) + move + items.length + (event.target === summary && move < 0 ? 1 : 0)) % items.length].focus();
    menu.open = false;
    summary.focus();
  });
  const themes = header.querySelector(".themes");
  themes.hidden = false;
  for (const choice of themes.querySelectorAll("input")) {
    choice.checked = choice.value === (themeChoice.read() ?? "");
    choice.addEventListener("change", () => themeChoice.write(choice.value || null));
  }
}

const shownHeader = document.querySelector("header.bar");
if (shownHeader) mendHeader(shownHeader);
