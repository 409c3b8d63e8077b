// Times in the reader's zone, with UTC in their title, and buttons that copy.
// Without this file times are UTC and there are no such buttons.
document.documentElement.dataset.scripted = "";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zoneNote = document.querySelector("[data-zone]");
const zoneSwitch = document.querySelector("[data-zone-switch]");
let local = kept.read("zone") !== "UTC";

function pad(number) { return String(number).padStart(2, "0"); }

function written(time) {
  if (!local) return time.title.slice(0, 16);
  const at = new Date(time.dateTime);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

function write(root) {
  for (const time of root.querySelectorAll("time[title]")) {
    const text = written(time);
    if (time.textContent !== text) time.textContent = text;
  }
}

function showZone() {
  write(document);
  if (!zoneNote || !zoneSwitch) return;
  zoneNote.textContent = local ? `Times are those of ${zone}; UTC is in their tips.` : "All times are UTC.";
  zoneSwitch.textContent = local ? "Show UTC" : `Show times of ${zone}`;
}

if (zone && zone !== "UTC") {
  zoneSwitch.hidden = false;
  zoneSwitch.addEventListener("click", () => {
    local = !local;
    kept.write("zone", local ? "local" : "UTC");
    showZone();
  });
  showZone();
  // What is put into a live page comes in UTC.
  new MutationObserver(() => write(document)).observe(document.querySelector("main"), { childList: true, subtree: true });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await copy(button.dataset.copy);
  const label = button.firstChild;
  label.data = "Copied";
  setTimeout(() => { label.data = "Copy"; }, 2000);
});

// Ticking workshops on the board: all of a page, how many, and Enter leads to what can be done.
const picks = () => [...document.querySelectorAll(".pick input")];

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-pick-page]")) return;
  event.preventDefault();
  const all = picks().every((box) => box.checked);
  for (const box of picks()) box.checked = !all;
  countPicks();
});

document.addEventListener("change", (event) => { if (event.target.closest(".pick")) countPicks(); });

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches(".pick input, #chosen input")) return;
  event.preventDefault();
  if (event.target.matches("#chosen input")) return event.target.parentElement.querySelector("button").click();
  if (picks().some((box) => box.checked)) document.querySelector("#chosen :is(select, button:not(.hidden))").focus();
});

function countPicks() {
  const count = picks().filter((box) => box.checked).length;
  const text = document.querySelector("[data-chosen]");
  if (text) text.textContent = count === 1 ? "One selected" : `${count} selected`;
  const page = document.querySelector("[data-pick-page]");
  if (page) page.textContent = count && count === picks().length ? "Select none" : "Select this page";
}

if (document.querySelector(".pick input:checked")) countPicks();

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Browsers offer the clipboard to pages over HTTPS only.
    const field = document.body.appendChild(document.createElement("textarea"));
    field.value = text;
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}
