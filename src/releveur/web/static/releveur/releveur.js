// What a person types answers back at once. Without this file everything works the same, by forms.

const words = document.getElementById("words")?.dataset ?? {};
const sheet = document.getElementById("sheet");
const language = document.documentElement.lang;
const numbers = new Intl.NumberFormat(language);
const plurals = new Intl.PluralRules(language);

// The file fields speak the browser's language; their labels speak ours, and send what is chosen at once.
document.documentElement.classList.add("scripted");

const fields = (root) => [...root.querySelectorAll("input.meter")];
const say = (name, filled) =>
  Object.entries(filled).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), words[name] ?? "");
const counted = (name, n) => say(name + (plurals.select(n) === "one" ? "One" : "Other"), { n });

// -- numbers ---------------------------------------------------------------------------------------------------------

// The server's own reading (rules/digits.py) decides; this one only shows.
function typed(field) {
  const bare = field.value.replace(/[\s'\u2019]/g, "");
  return /^[0-9]{1,12}$/.test(bare) ? Number(bare) : null;
}

function answer(field, done) {
  const out = field.parentElement.querySelector("output.delta");
  const value = typed(field);
  const { last, low, high } = field.dataset;
  out.textContent = "";
  out.classList.remove("far");
  if (value === null || last === undefined) return;
  const step = value - Number(last);
  if (step < 0 && !done) return; // half a number is always too low
  out.textContent = `${step < 0 ? "\u2212" : "+"}\u00a0${numbers.format(Math.abs(step))}`;
  const unusual = low !== undefined && (step < Number(low) || step > Number(high));
  out.classList.toggle("far", done && (step < 0 || unusual));
  if (done && step >= 0 && unusual) out.textContent += ` · ${words.unusual}`;
}

// -- the price of silence: of a device half typed, what we retain for the rest of it ---------------------------------

// The other meters are estimated for the day on which the typed one was read. The server's words are of the day due and
// of the day of the form; of any other day nothing is said before it is sent.
function silence(field, part) {
  const { due, day, beside } = part.dataset;
  const own = field.form.elements[`on-${field.dataset.device}`]?.value;
  const [on, shown] = ["on", "on-shown"].map((name) => field.form.elements[name]?.value);
  const read = own ?? (on === shown ? day : on);
  return { [due]: part.dataset.whole, [day]: beside }[read] ?? "";
}

function priceSilence(field) {
  const mine = fields(field.closest("tr.row") ?? field.closest(".fields"));
  const begun = mine.some((one) => typed(one) !== null && one.value !== stands(one));
  for (const one of mine) {
    const part = document.querySelector(`[data-of="${one.id}"]`);
    if (!part) continue;
    part.dataset.whole ??= part.textContent;
    part.textContent = begun && part.dataset.beside ? silence(one, part) : part.dataset.whole;
    part.hidden = typed(one) !== null || !part.textContent;
    const line = part.parentElement;
    line.hidden = !line.querySelector("[data-of]:not([hidden])");
  }
}

// -- the photo zone of a lower value ---------------------------------------------------------------------------------

const isLower = (field) => {
  const value = typed(field);
  return value !== null && field.dataset.lowest !== undefined && value < Number(field.dataset.lowest);
};

function zoneOf(row) {
  const next = row.nextElementSibling;
  return next?.matches(".question-row, .question") ? next : null;
}

function askForPhoto(field) {
  const row = field.closest("tr.row") ?? field.closest(".fields");
  const lower = fields(row).filter(isLower);
  let zone = zoneOf(row);
  if (zone?.dataset.live) {
    if (zone.dataset.live === numbersOf(row)) return;
    zone.remove();
    zone = null;
  }
  lookAt(row, field.dataset.device);
  if (!lower.length) {
    if (zone?.dataset.made && !zone.querySelector("[name^=proof-]").value) zone.remove();
    return;
  }
  if (!zone) row.after((zone = made(row, field.dataset.device)));
  if (!zone.dataset.made) return;
  zone.querySelector("strong").textContent = lower
    .map((one) => say("lower", { kind: one.dataset.kind, last: numbers.format(Number(one.dataset.lowest)) }))
    .join(" ");
}

function made(row, device) {
  const copy = document.getElementById("lower").content.cloneNode(true);
  for (const element of copy.querySelectorAll("[name]")) element.name = element.name.replace("DEVICE", device);
  copy.querySelector(".photo").dataset.photo = device;
  const zone = inARow(row, copy.firstElementChild);
  zone.dataset.made = "1";
  return zone;
}

function inARow(row, part) {
  if (!row.matches("tr")) return part;
  const [zone, cell] = [document.createElement("tr"), document.createElement("td")];
  cell.colSpan = row.cells.length;
  cell.append(part);
  zone.className = "question-row";
  zone.append(cell);
  return zone;
}

// -- what was probably meant: the server is asked as soon as a strange row is full -----------------------------------

const numbersOf = (row) => fields(row).map((field) => field.value.trim()).join("/");

const isFar = (field) => field.parentElement.querySelector("output.delta")?.classList.contains("far");

async function lookAt(row, device, answers = []) {
  const mine = fields(row);
  const zone = zoneOf(row);
  const isStrange = mine.some(isFar) || mine.some(isLower);
  if (!isStrange || !mine.every((field) => typed(field) !== null) || (zone && !zone.dataset.made && !zone.dataset.live)) return;
  const asked = numbersOf(row);
  const form = new FormData(mine[0].form);
  for (const [name, value] of [...form]) if (value instanceof File) form.delete(name);
  for (const [name, value] of answers) form.append(name, value);
  let part;
  try {
    const response = await fetch(words.question.replace("0", device), { method: "POST", body: form });
    if (!response.ok) return;
    part = (await parsed(response)).querySelector(".question");
  } catch {
    return; // the page asks when it is sent
  }
  if (numbersOf(row) !== asked) return;
  const stands = zoneOf(row);
  const isKept = stands?.querySelector("[name^=proof-]")?.value;
  // A few pages less may be what the maker documents: the server's word decides.
  if (!part && !isKept && stands?.dataset.made) stands.remove();
  if (part && !isKept && (answers.length || !stands || part.querySelector("[data-answer], [name^=ended-]"))) put(row, part);
  countReady();
}

function put(row, part) {
  zoneOf(row)?.remove();
  const zone = inARow(row, document.adoptNode(part));
  zone.dataset.live = numbersOf(row);
  row.after(zone);
  return zone;
}

// One click puts the values into the fields, another leaves them; both are sent with the form, and so is what was typed.
function answerQuestion(button, row) {
  const part = button.closest(".question");
  const device = row.id.replace("device-", "");
  if (button.name.startsWith("keep-")) {
    lookAt(row, device, [[button.name, button.value]]);
    return;
  }
  const said = document.createElement("div");
  said.className = "question flow";
  said.append(hidden(button.name, button.value), ...part.querySelectorAll("input[type=hidden]"), note(words.mended));
  for (const { field, value } of JSON.parse(button.dataset.values)) {
    const one = sheet.elements[field];
    one.value = value;
    answer(one, true);
  }
  put(row, said);
  countReady();
  keepDraft();
}

function hidden(name, value) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name, value });
  return input;
}

function note(text) {
  const line = document.createElement("p");
  line.setAttribute("role", "status");
  line.textContent = text;
  return line;
}

// A photo that is there, or a word that is ticked: only then is a row with a question ready.
function isMet(zone) {
  if (!zone) return true;
  const photo = zone.querySelector(".photo");
  const received = photo && (photo.querySelector("[name^=proof-]").value || [...photo.querySelectorAll("[type=file]")].some((one) => one.files.length));
  if (zone.querySelector("[data-answer][name^=keep-]")) return false;
  return [...zone.querySelectorAll("[type=checkbox]")].every((one) => one.checked) && (!photo || Boolean(received));
}

// What the server has of it: a page that comes back as it was typed is not sent yet.
const stands = (field) => field.dataset.stands ?? field.defaultValue;

// -- what is ready to be sent ----------------------------------------------------------------------------------------

function countReady() {
  const out = document.getElementById("ready");
  if (!sheet || !out) return;
  let ready = 0;
  for (const row of sheet.querySelectorAll("tr.row")) {
    const mine = fields(row);
    const full = mine.length > 0 && mine.every((field) => typed(field) !== null);
    const zone = zoneOf(row);
    const fresh = full && isMet(zone) && (zone || mine.some((field) => field.value !== stands(field)));
    row.classList.toggle("ready", Boolean(fresh));
    ready += Boolean(fresh);
    if (fresh && !row.querySelector(".state .ready-word")) {
      row.querySelector(".state").prepend(document.getElementById("ready-word").content.cloneNode(true));
    }
  }
  out.textContent = ready ? counted("ready", ready) : "";
  const button = document.querySelector(".bar .button");
  button.dataset.all ??= button.textContent;
  button.textContent = ready ? counted("send", ready) : button.dataset.all;
}

// -- the draft, until it is sent -------------------------------------------------------------------------------------

const draftKey = sheet && `releveur.draft.${sheet.dataset.draft}`;

function draft() {
  try {
    return JSON.parse(localStorage.getItem(draftKey)) ?? { values: {} };
  } catch {
    return { values: {} };
  }
}

function keepDraft(sent) {
  if (!sheet) return;
  const changed = fields(sheet).filter((field) => field.value.trim() && field.value !== stands(field));
  const values = Object.fromEntries(changed.map((field) => [field.name, field.value]));
  try {
    if (changed.length) localStorage.setItem(draftKey, JSON.stringify({ values, sent }));
    else localStorage.removeItem(draftKey);
  } catch {
    // A browser that keeps nothing loses only the draft.
  }
}

function takeUpDraft() {
  const { values, sent } = draft();
  const waiting = fields(sheet).filter((field) => !field.value && values[field.name]);
  if (!waiting.length || (sent && sent === sheet.dataset.recorded)) {
    keepDraft();
    return;
  }
  for (const field of waiting) field.value = values[field.name];
  const notice = document.getElementById("draft").content.cloneNode(true).firstElementChild;
  notice.querySelector("button").addEventListener("click", () => {
    for (const field of waiting) field.value = "";
    for (const field of waiting) settle(field);
    notice.remove();
    waiting[0].focus();
  });
  sheet.before(notice);
}

// -- one field after the other ---------------------------------------------------------------------------------------

function settle(field) {
  answer(field, true);
  priceSilence(field);
  askForPhoto(field);
  countReady();
  keepDraft();
}

document.addEventListener("input", ({ target }) => {
  if (target.matches("input.meter[data-device]")) {
    answer(target, false);
    priceSilence(target);
    countReady();
    keepDraft();
  }
});

document.addEventListener("change", ({ target }) => {
  if (target.matches("input.meter[data-device]")) settle(target);
  if (target.matches(".photo input[type=file]") && target.files[0]) receive(target);
  if (target.matches(".question input")) countReady();
  if (target.matches("input.day")) fields(target.form).forEach(priceSilence);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("input.meter[data-device]")) return;
  event.preventDefault();
  const all = fields(event.target.form).filter((field) => field.offsetParent !== null);
  const next = all[all.indexOf(event.target) + 1];
  if (next) next.focus();
  else event.target.form.requestSubmit();
});

// -- photos: looked at, made small, sent ahead -----------------------------------------------------------------------

const LONGEST_SIDE = 2000;
const LIGHT = 400_000;

async function smaller(file) {
  if (file.size < LIGHT) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const small = await new Promise((made) => canvas.toBlob(made, "image/jpeg", 0.85));
    return small && small.size < file.size ? small : file;
  } catch {
    return file; // a format this browser cannot show; the server can
  }
}

async function receive(input) {
  const zone = input.closest(".photo");
  const photo = await smaller(input.files[0]);
  let told = zone.querySelector(".sending");
  if (!told) zone.append((told = document.getElementById("photo").content.cloneNode(true).firstElementChild));
  const picture = told.querySelector("img");
  picture.onload = () => (picture.hidden = false);
  picture.onerror = () => (picture.hidden = true);
  picture.src = URL.createObjectURL(photo);
  zone.querySelector(".received")?.remove();
  told.querySelector("button").onclick = () => send(zone, told, photo, input);
  send(zone, told, photo, input);
}

function send(zone, told, photo, input) {
  const [bar, text, again] = [told.querySelector("progress"), told.querySelector("[role=status]"), told.querySelector("button")];
  const body = new FormData();
  body.append("photo", photo, input.files[0]?.name || "photo.jpg");
  body.append("csrfmiddlewaretoken", input.form.elements.csrfmiddlewaretoken.value);
  const request = new XMLHttpRequest();
  request.upload.onprogress = ({ loaded, total }) => {
    bar.value = total ? loaded / total : 0;
    text.textContent = words.photoSending;
  };
  const end = (sentence, failed) => {
    bar.hidden = true;
    again.hidden = !failed;
    text.textContent = sentence;
    text.classList.toggle("error", failed);
  };
  request.onload = () => {
    const { proof, error } = request.response ?? {};
    if (!proof) return end(error ?? words.photoFailed, !error);
    zone.querySelector("[name^=proof-]").value = proof;
    for (const one of zone.querySelectorAll("input[type=file]")) one.value = "";
    end(words.photoReceived, false);
    countReady();
  };
  request.onerror = request.ontimeout = () => end(words.photoFailed, true);
  [bar.hidden, again.hidden, bar.value] = [false, true, 0];
  text.classList.remove("error");
  request.responseType = "json";
  request.open("POST", words.receive);
  request.send(body);
}

// -- one device in a window ------------------------------------------------------------------------------------------

const dialog = document.createElement("dialog");
dialog.setAttribute("aria-labelledby", "dialog-title");
document.body.append(dialog);
let opened = null;

// The one place where words become elements, and they are a page of ours: the browser lets no other.
const ours = { createHTML: (text) => text };
const trusted = window.trustedTypes?.createPolicy("releveur", ours) ?? ours;

// Its own style carries another nonce and is not wanted here.
async function parsed(response) {
  const text = (await response.text()).replace(/<style[^]*?<\/style>/g, "");
  return new DOMParser().parseFromString(trusted.createHTML(text), "text/html");
}

const rowOf = (page, device) => page.getElementById(`device-${device}`);
const silenceOf = (row) => row.ownerDocument.getElementById(row.id.replace("device", "silence"));

function show(page) {
  const part = page.querySelector("[data-part=device]");
  if (!part) return false;
  for (const element of part.querySelectorAll("[id^=question-]")) element.removeAttribute("id");
  dialog.replaceChildren(document.adoptNode(part));
  return true;
}

async function open(link) {
  let page;
  try {
    page = await parsed(await fetch(link.href, { headers: { Accept: "text/html" } }));
  } catch {
    page = null;
  }
  if (!page || !show(page)) {
    location.href = link.href;
    return;
  }
  opened = link.closest("tr.row").id.replace("device-", "");
  exchange(rowOf(document, opened), dialog);
  dialog.showModal();
  fields(dialog)[0]?.focus();
}

// What is typed on one side stands on the other.
function exchange(from, to) {
  for (const field of fields(from)) {
    const other = fields(to).find((one) => one.name === field.name);
    if (!other || !field.value || other.value === field.value) continue;
    other.value = field.value;
    settle(other);
  }
}

async function confirm(form, pressed) {
  const button = form.querySelector("[type=submit]");
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  try {
    const response = await fetch(form.action, { method: "POST", body: new FormData(form, pressed) });
    const page = await parsed(response);
    if (response.redirected && response.ok) return taken(page);
    if (!show(page)) throw new Error(response.status);
    (dialog.querySelector("[aria-invalid], .question") ?? fields(dialog)[0])?.focus();
  } catch {
    button.ariaDisabled = "false";
    const notice = dialog.querySelector(".failed") ?? document.createElement("p");
    notice.className = "error failed";
    notice.role = "alert";
    notice.textContent = words.failed;
    form.append(notice);
  }
}

function taken(page) {
  const fresh = rowOf(page, opened);
  const stale = rowOf(document, opened);
  dialog.replaceChildren();
  dialog.close();
  if (!fresh || !stale) return location.reload();
  zoneOf(stale)?.remove();
  silenceOf(stale)?.remove();
  const silence = silenceOf(fresh);
  stale.replaceWith(document.adoptNode(fresh));
  if (silence) fresh.after(document.adoptNode(silence));
  for (const selector of [".progress", ".bar .button"]) {
    const [old, now] = [document.querySelector(selector), page.querySelector(selector)];
    if (old && now) old.replaceWith(document.adoptNode(now));
  }
  const [old, now] = [document.querySelector("main > .notice.ok"), page.querySelector("main > .notice.ok")];
  old?.remove();
  if (now) document.querySelector(".progress").before(document.adoptNode(now));
  if (!page.querySelector(".bar")) document.querySelector(".bar")?.remove();
  countReady();
  keepDraft();
  rowOf(document, opened).querySelector(".action a")?.focus();
}

dialog.addEventListener("close", () => {
  const row = rowOf(document, opened);
  if (row && dialog.firstElementChild) exchange(dialog, row);
  dialog.replaceChildren();
});

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a[data-dialog], dialog a[data-close]");
  if (!link) return;
  event.preventDefault();
  if (link.matches("[data-close]")) dialog.close();
  else open(link);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const isAnswer = Boolean(event.submitter?.matches("[data-answer]"));
  const live = isAnswer && event.submitter.closest("[data-live]");
  if (dialog.contains(form)) {
    event.preventDefault();
    confirm(form, event.submitter);
  } else if (form === sheet && live && (event.submitter.dataset.values || event.submitter.name.startsWith("keep-"))) {
    event.preventDefault();
    answerQuestion(event.submitter, live.previousElementSibling);
  } else if (form === sheet && (isAnswer || !event.submitter?.name)) {
    if (form.dataset.busy) return event.preventDefault();
    form.dataset.busy = "1";
    keepDraft(form.elements.nonce.value);
    if (event.submitter && !isAnswer) event.submitter.textContent = words.sending;
  }
});

// A page that comes back from the browser's memory may be sent again.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});

// -- find a device among many ----------------------------------------------------------------------------------------

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const filter = document.getElementById("filter");

function said(row) {
  const named = [row.closest(".site").querySelector("h2"), ...row.querySelectorAll(".model, .serial, .place")];
  return ` ${plain(named.map((one) => one.textContent).join(" "))} `.replace(/[^\p{L}\p{N}-]+/gu, " ");
}

// A short word is looked for whole: the 3 of « salle 3 » stands in every serial number.
const whole = (text, word) => text.includes(word.length > 2 ? word : ` ${word} `);

if (filter) {
  filter.parentElement.hidden = false;
  filter.addEventListener("input", () => {
    const wanted = plain(filter.value).split(/[^\p{L}\p{N}-]+/u).filter(Boolean);
    const rows = [...sheet.querySelectorAll("tr.row")];
    const having = (test) => rows.filter((row) => wanted.every((word) => test(said(row), word)));
    let found = having(whole);
    if (!found.length) found = having((text, word) => text.includes(word));
    const kept = new Set(found);
    for (const row of rows) {
      row.hidden = !kept.has(row);
      for (const below of [zoneOf(row), silenceOf(row)]) if (below) below.hidden = row.hidden;
    }
    for (const site of sheet.querySelectorAll(".site")) site.hidden = !site.querySelector("tr.row:not([hidden])");
    document.getElementById("found").textContent = wanted.length ? counted("found", found.length) : "";
  });
}

// With a mouse in the hand the first empty field is where one goes on; a touch screen would only open its keyboard.
function begin() {
  const waits = !location.hash && !document.querySelector(".problems, main > .notice");
  if (waits && matchMedia("(pointer: fine)").matches) {
    fields(sheet).find((field) => !field.value)?.focus({ preventScroll: true });
  }
}

if (sheet) {
  // Whoever comes back to the answer of a form opens the page again, and is not asked to send twice; the draft has the numbers.
  if (!location.search) history.replaceState(null, "", sheet.action + location.hash);
  takeUpDraft();
  // Whoever was faster than this file is answered too.
  for (const field of fields(sheet)) {
    answer(field, true);
    priceSilence(field);
    if (field.value !== field.defaultValue) askForPhoto(field);
  }
  countReady();
  begin();
}
