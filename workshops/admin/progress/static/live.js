// Keeps the regions of a page as they are in the database. The server says that something
// changed; the page is then fetched by its own URL, and its regions are put in place.
const main = document.querySelector("main[data-live]");
if (main && "EventSource" in window) keepLive();

function keepLive() {
  const LEAST = 1000; // milliseconds between two updates
  const WITHOUT_STREAM = 10000; // between two looks while the stream is broken
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const bar = document.querySelector(".live");
  const state = bar.querySelector("span");
  const button = bar.querySelector("button");
  let stream, look, lost = "", since = main.dataset.since, busy = false, again = false, rested = Promise.resolve();
  let paused = still || kept.read("updates") === "paused";

  bar.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    kept.write("updates", paused ? "paused" : "live");
    paused ? stop() : start();
  });
  // A hidden page holds no connection: a browser has few for one server.
  document.addEventListener("visibilitychange", () => {
    if (!paused) document.hidden ? stop() : start();
  });
  if (!paused && !document.hidden) start();
  show();

  function start() {
    stop();
    const query = new URLSearchParams({ since });
    if (main.dataset.live) query.set("workshop", main.dataset.live);
    stream = new EventSource(`${main.dataset.base}/live/?${query}`);
    stream.onopen = () => { clearInterval(look); look = undefined; show(); };
    stream.onmessage = update;
    stream.onerror = () => {
      look ??= setInterval(() => {
        if (stream.readyState === EventSource.CLOSED) start();
        update();
      }, WITHOUT_STREAM);
      show();
    };
    show();
  }

  function stop() {
    stream?.close();
    stream = undefined;
    clearInterval(look);
    look = undefined;
    show();
  }

  function show() {
    bar.dataset.state = paused ? "paused" : look || lost ? "broken" : "live";
    state.textContent = paused ? "Updates are paused" : lost ? `${lost}; what you have typed is still here` : look ? "Looking every 10 seconds" : "Live";
    button.textContent = paused ? "Go live" : "Pause";
  }

  async function update() {
    if (busy) { again = true; return; }
    busy = true;
    do {
      again = false;
      await rested;
      rested = new Promise((resolve) => setTimeout(resolve, LEAST));
      try {
        const response = await fetch(location.href, { redirect: "manual" });
        lost = response.type === "opaqueredirect" ? "You are logged out" : response.status === 404 ? "This is deleted" : "";
        if (lost && ![...main.querySelectorAll("input, select, textarea")].some(touched)) return location.reload();
        show();
        if (!response.ok) continue;
        const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
        // What is pressed must be there when it is let go, or there is no click.
        while (main.querySelector("[data-region]:active")) await new Promise((resolve) => setTimeout(resolve, 50));
        if (!paused) put(fresh);
      } catch {
        // The server is away; the stream says so too, and is opened again.
      }
    } while (again && !paused);
    busy = false;
  }

  function put(fresh) {
    since = fresh.querySelector("main").dataset.since;
    for (const region of document.querySelectorAll("[data-region]")) {
      const other = fresh.querySelector(`[data-region="${region.dataset.region}"]`);
      const focus = document.activeElement;
      // Where the operator is typing or choosing, nothing changes under their hands.
      if (!other || (region.contains(focus) && focus.matches("input, select, textarea"))) continue;
      if ([...region.querySelectorAll("input, select, textarea")].some(touched)) continue;
      if (content(region) === content(other)) continue;
      const place = region.contains(focus) ? [...region.querySelectorAll("a, button, summary")].indexOf(focus) : -1;
      const old = new Map([...region.querySelectorAll("[data-key]")].map((row) => [row.dataset.key, content(row)]));
      const open = [...region.querySelectorAll("details")].map((details) => details.open);
      region.replaceChildren(...other.childNodes);
      const folded = [...region.querySelectorAll("details")];
      if (folded.length === open.length) folded.forEach((details, number) => { details.open = open[number]; });
      if (place >= 0) region.querySelectorAll("a, button, summary")[place]?.focus({ preventScroll: true });
      if (still || !old.size) continue; // what was not there has not changed
      for (const row of region.querySelectorAll("[data-key]")) {
        if (old.get(row.dataset.key) !== content(row)) row.classList.add("changed");
      }
    }
  }

  function touched(field) {
    if (field.matches("select")) {
      const first = [...field.options].findIndex((option) => option.defaultSelected);
      return field.selectedIndex !== Math.max(first, 0);
    }
    return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  }

  // Text and states; not how long ago something was, nor what is open.
  function content(element) {
    const copy = element.cloneNode(true);
    for (const passing of copy.querySelectorAll(".ago, [data-passing]")) passing.remove();
    for (const row of copy.querySelectorAll(".changed")) row.classList.remove("changed");
    for (const details of copy.querySelectorAll("details")) details.open = false;
    for (const button of copy.querySelectorAll("[data-copy]")) button.firstChild.data = "Copy"; // it may say "Copied"
    // They are written in the reader's zone.
    for (const time of copy.querySelectorAll("time")) time.textContent = time.dateTime;
    return copy.innerHTML;
  }
}
