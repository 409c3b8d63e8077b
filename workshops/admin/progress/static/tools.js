// Times in the reader's zone, with UTC in their title, and buttons that copy.
// Without this file times are UTC and there are no such buttons.
document.documentElement.dataset.scripted = "";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zoneNote = document.querySelector("[data-zone]");
const zoneSwitch = document.querySelector("[data-zone-switch]");
let local = recallZone() !== "UTC";

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

function recallZone() {
  try { return localStorage.getItem("zone"); } catch { return null; }
}

if (zone && zone !== "UTC") {
  zoneSwitch.hidden = false;
  zoneSwitch.addEventListener("click", () => {
    local = !local;
    try { localStorage.setItem("zone", local ? "local" : "UTC"); } catch { /* kept for this page only */ }
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
