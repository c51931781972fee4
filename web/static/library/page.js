// The library page: folders, uploads, jobs as they go on, and every file with its state.

import { addJob, addSource, cancelJob, forgetItem, forgetSource, listJobs, listLedger, listSources, readStatus, retryJob, upload } from "../shared/api.js";
import { listDropped, watchDrops } from "../shared/drop.js";
import { find, formatDate, formatTime, make, makeButton, t } from "../shared/make.js";
import { showModels, watchModels } from "./models.js";

const LOOK_MS = 1000;
const IDLE = 5;
const SHOWN = 30;
const SUMS = ["added", "updated", "renamed", "removed", "failed", "skipped", "forgotten", "unchanged"];
const following = new Map();
let cursor = null;

function say(text, isWrong = false) {
  find("status").textContent = text;
  find("status").classList.toggle("wrong", isWrong);
}

// What fails is said; the page goes on.
const guard = (act) => async (...values) => {
  try {
    await act(...values);
  } catch (error) {
    say(error.message, true);
  }
};

async function showSources() {
  const { sources } = await listSources();
  const rows = sources.map((source) => {
    const watch = make("input", { type: "checkbox", checked: source.watched });
    watch.addEventListener("change", guard(async () => { await addSource({ path: source.path, watch: watch.checked }); await showJobs(); }));
    const remove = guard(async () => {
      if (!confirm(t("lib.remove_sure", { path: source.path }))) return;
      await forgetSource(source.id);
      await showAll();
    });
    return make("li", {}, make("span", { className: "grow path" }, source.path, source.there ? "" : make("em", {}, ` ${t("lib.gone")}`)),
      make("label", { className: "check" }, watch, ` ${t("lib.watch")}`),
      makeButton(t("lib.look"), guard(async () => { await addJob({ paths: [source.path] }); await showJobs(); }), { disabled: !source.there }),
      makeButton(t("lib.remove"), remove));
  });
  find("sources").replaceChildren(...(rows.length ? rows : [make("li", {}, t("lib.no_sources"))]));
}

function describeSummary(job) {
  if (job.error) return job.error;
  if (job.model) return job.summary ? t("sum.filled", { n: job.summary.filled }) : "";
  const parts = SUMS.filter((name) => job.summary?.[name]).map((name) => t(`sum.${name}`, { n: job.summary[name] }));
  if (job.summary?.warning) parts.push(job.summary.warning);
  return parts.join(", ");
}

const isOpen = (job) => ["queued", "running"].includes(job.state);

// A row for a job; what it shows is changed in place, so that a click on its button is never lost.
function makeJobRow(job) {
  const state = make("span", {});
  const bar = make("progress");
  const note = make("small");
  const detail = make("small", { className: "detail" });
  const paths = job.model ? t("job.model", { model: job.model }) : job.paths.length > 2 ? t("job.files", { n: job.paths.length }) : job.paths.join(", ") || t("job.all");
  bar.setAttribute("aria-label", paths);
  const act = makeButton("", guard(async () => { await (isOpen(job) ? cancelJob : retryJob)(job.id); await showJobs(); }));
  const row = make("li", {}, state, make("span", { className: "grow" }, make("span", { className: "path" }, paths), bar, note, detail),
    make("time", { dateTime: job.created_at }, formatDate(job.created_at)), act);
  const update = (now) => {
    job = now;
    state.className = `state ${job.state}`;
    state.textContent = job.cancelling ? t("lib.cancelling") : t(`job.${job.state}`);
    bar.hidden = job.state !== "running";
    bar.max = Math.max(job.total, 1);
    if (job.total) bar.value = job.done; else bar.removeAttribute("value");
    const left = job.seconds_left === null ? "…" : formatTime(job.seconds_left);
    const progress = job.total ? t("job.progress", { done: job.done, total: job.total, rate: job.rate ?? "–", left }) : t("job.scanning");
    note.textContent = job.state === "running" ? progress : isOpen(job) ? "" : describeSummary(job);
    note.className = job.state === "failed" ? "wrong" : "";
    detail.textContent = job.state === "running" ? job.detail?.split("/").pop() ?? "" : "";
    act.textContent = isOpen(job) ? t("lib.cancel") : t(job.state === "done" ? "lib.again" : "lib.retry");
    act.disabled = job.cancelling;
  };
  update(job);
  return { row, update };
}

// The one that runs tells of itself; of the others a look now and then is enough.
function followJob(id) {
  if (following.has(id)) return;
  const source = new EventSource(`/api/v1/jobs/${id}/events`);
  following.set(id, source);
  const end = () => { source.close(); following.delete(id); };
  const tell = (event) => rows.get(id)?.update(JSON.parse(event.data));
  source.addEventListener("progress", tell);
  source.addEventListener("end", guard(async (event) => { end(); tell(event); await showJobs(); }));
  source.addEventListener("error", end);
}

// The rows by job, which jobs were over at the last look, and whether one was not.
const rows = new Map();
let over = null;
let isWaiting = true;

async function showJobs() {
  const jobs = (await listJobs()).jobs.slice(0, SHOWN);
  const list = jobs.map((job) => {
    if (rows.has(job.id)) rows.get(job.id).update(job);
    else rows.set(job.id, makeJobRow(job));
    if (job.state === "running") followJob(job.id);
    return rows.get(job.id).row;
  });
  const box = find("jobs");
  if (!list.length) list.push(make("li", {}, t("lib.no_jobs")));
  if (list.length !== box.children.length || list.some((row, at) => box.children[at] !== row)) box.replaceChildren(...list);
  isWaiting = jobs.some(isOpen);
  const ended = jobs.filter((job) => !isOpen(job)).map((job) => job.id).join();
  const isNews = over !== null && ended !== over;
  over = ended;
  if (isNews) await Promise.all([showSources(), showLedger(), showSummary()]);
  if (isNews || jobs.some((job) => job.model && isOpen(job))) await showModels();
}

function makeLedgerRow(item) {
  const actions = make("td", {});
  if (["failed", "missing", "pending"].includes(item.state)) {
    actions.append(makeButton(t("lib.retry"), guard(async () => { await addJob({ paths: [item.path], retry_failed: true }); await showJobs(); })));
  }
  actions.append(makeButton(t("lib.forget"), guard(async (event) => {
    if (!confirm(t("lib.forget_sure", { name: item.path.split("/").pop() }))) return;
    await forgetItem(item.id);
    event.target.closest("tr").remove();
    await showSummary();
  })));
  const reason = make("td", {}, item.reason ?? "");
  if (item.advice && item.state !== "indexed") reason.append(make("small", {}, item.advice));
  return make("tr", {}, make("td", { className: "path" }, item.path), make("td", {}, make("span", { className: `state ${item.state}` }, t(`state.${item.state}`))), reason, actions);
}

async function showLedger(isMore = false) {
  const form = new FormData(find("ledger-form"));
  const fields = new URLSearchParams({ limit: 50 });
  for (const name of ["state", "path"]) if (form.get(name)) fields.set(name, form.get(name));
  if (isMore && cursor) fields.set("cursor", cursor);
  const { items, next } = await listLedger(fields);
  cursor = next;
  const rows = items.map(makeLedgerRow);
  if (isMore) find("ledger").append(...rows);
  else find("ledger").replaceChildren(...(rows.length ? rows : [make("tr", {}, make("td", { colSpan: 4 }, t("lib.none")))]));
  find("ledger-more").hidden = !next;
}

async function showSummary() {
  const status = await readStatus();
  const rows = Object.entries(status.items).map(([type, states]) => make("li", {}, make("span", { className: "grow" }, t(`type.${type}`)),
    Object.entries(states).map(([state, n]) => `${n} ${t(`state.${state}`)}`).join(", ")));
  find("counts").replaceChildren(...rows);
  find("retry-failed").disabled = !Object.values(status.items).some((states) => states.failed);
  const counts = Object.values(status.items).flatMap((states) => Object.entries(states));
  const sum = (wanted) => counts.filter(wanted).reduce((total, [, n]) => total + n, 0);
  find("coverage").textContent = t("lib.coverage", { indexed: sum(([state]) => state === "indexed"), all: sum(([state]) => state !== "skipped") });
}

const showAll = () => Promise.all([showSources(), showJobs(), showLedger(), showSummary(), showModels()]);
const changeModel = (model, role) => guard(async () => { await addJob({ model, role }); await showJobs(); });
watchModels(changeModel);

const send = guard(async (files) => {
  if (!files.length) return;
  const tell = (share) => { find("upload").textContent = t("lib.uploading", { n: files.length, percent: Math.round(share * 100) }); };
  tell(0);
  try {
    await upload(files, tell);
  } finally {
    find("upload").textContent = "";
  }
  await showAll();
});

find("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  guard(async () => {
    await addSource({ path: form.get("path").trim(), watch: form.get("watch") === "on" });
    event.target.reset();
    say("");
    await showAll();
  })();
});
find("look-all").addEventListener("click", guard(async () => { await addJob({}); await showJobs(); }));
find("retry-failed").addEventListener("click", guard(async () => { await addJob({ retry_failed: true }); await showJobs(); }));
find("ledger-form").addEventListener("input", guard(() => showLedger()));
find("ledger-form").addEventListener("submit", (event) => event.preventDefault());
find("ledger-more").addEventListener("click", guard(() => showLedger(true)));
find("choose").addEventListener("click", () => find("files").click());
find("files").addEventListener("change", (event) => {
  send([...event.target.files].map((file) => ({ file, name: file.name })));
  event.target.value = "";
});
watchDrops(guard(async (data) => send(await listDropped(data))));

const wanted = new URLSearchParams(location.search).get("state");
if (wanted) find("ledger-form").elements.state.value = wanted;
guard(showAll)();
let looked = 0;
setInterval(guard(async () => {
  looked += 1;
  // Somebody waits for what is queued; else a look now and then is enough.
  if (!document.hidden && !following.size && (isWaiting || looked % IDLE === 0)) await showJobs();
}), LOOK_MS);
