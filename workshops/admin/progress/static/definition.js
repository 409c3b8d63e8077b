// The form of a step definition: boxes grow with their text, the preview follows what is
// typed, and leaving with something unsaved asks first. Without this file a button previews.
const form = document.querySelector("form[data-definition]");
const fields = form ? [...form.querySelectorAll("input[type=text], textarea")] : [];
let saving = false;
let asked = 0;
let waiting;

function grow(box) {
  if (box.tagName !== "TEXTAREA" || box.scrollHeight === 0) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
}

function count(field) {
  const shown = document.querySelector(`[data-count="${field.name}"]`);
  if (shown) shown.textContent = [...field.value].length.toLocaleString("en");
}

async function preview() {
  const number = ++asked;
  const told = document.getElementById("preview-problem");
  const body = new URLSearchParams([...new FormData(form), ["preview", "1"]]);
  let text = "";
  try {
    const response = await fetch(form.action, { method: "POST", body });
    if (response.ok) text = await response.text();
  } catch { /* said below */ }
  if (number !== asked) return;
  const fresh = text && new DOMParser().parseFromString(text, "text/html").getElementById("preview");
  if (fresh) document.getElementById("preview").replaceWith(document.adoptNode(fresh));
  told.textContent = fresh ? "" : "The preview could not be had; what you have typed is still here.";
}

for (const field of fields) {
  grow(field);
  field.addEventListener("input", () => {
    grow(field);
    count(field);
    clearTimeout(waiting);
    waiting = setTimeout(preview, 300);
  });
}
if (form) {
  form.querySelector("button[name=preview]").hidden = true;
  form.addEventListener("submit", () => { saving = true; });
  addEventListener("resize", () => fields.forEach(grow));
  addEventListener("beforeunload", (event) => {
    const changed = "unsaved" in form.dataset || fields.some((field) => field.value !== field.defaultValue);
    if (changed && !saving) event.preventDefault();
  });
}
