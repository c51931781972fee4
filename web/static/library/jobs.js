/** The list of jobs with their progress. */

import { addJob, cancelJob, getJobEventsAddress, listJobs, retryJob } from "../shared/api.js";
import { createButton, createElement, getElement, replaceRows } from "../shared/dom.js";
import { formatDate, formatTime, getFileName } from "../shared/format.js";
import { t } from "../shared/i18n.js";
import { localizeReason } from "../shared/reasons.js";
import { may } from "../shared/session.js";
import { reportErrors } from "../shared/status.js";

/**
 * @import { Job, JobRequest } from "../shared/library-types.js"
 *
 * @typedef {{ element: HTMLElement, update: (job: Job) => void }} JobRow
 */

const POLL_INTERVAL_MS = 1000;
// Without open jobs, only every fifth poll sends a request.
const IDLE_POLLS = 5;
const MAX_ROWS = 30;
const MAX_PATHS = 2;
const COUNTS = ["added", "updated", "renamed", "removed", "failed", "skipped", "forgotten", "unchanged"];

/** @type {Map<number, EventSource>} event streams by job */
const streams = new Map();
/** @type {Map<number, JobRow>} rows by job */
const rows = new Map();
/** @type {string | null} the ids of the finished jobs at the last poll */
let finishedJobs = null;
let hasOpenJobs = true;

/** @param {Job} job */
const isOpen = (job) => job.state === "queued" || job.state === "running";

/** @param {Job} job */
function describeTarget({ model, paths }) {
  if (model) return t("job.model", { model });
  if (paths.length > MAX_PATHS) return t("job.files", { n: paths.length });
  return paths.join(", ") || t("job.all");
}

/** @param {Job} job */
function describeProgress({ total, done, rate, seconds_left }) {
  if (!total) return t("job.scanning");
  if (!rate || seconds_left === null) return t("job.started", { done, total });
  return t("job.progress", { done, total, rate, left: formatTime(seconds_left) });
}

/** @param {Job} job */
function describeSummary({ reason, model, summary }) {
  if (reason) return localizeReason(reason);
  if (model) return summary ? t("sum.filled", { n: Number(summary["filled"]) }) : "";
  const counts = COUNTS.filter((name) => summary?.[name]);
  const texts = counts.map((name) => t(`sum.${name}`, { n: Number(summary?.[name]) }));
  return [...texts, ...(summary?.["warning"] ? [localizeReason(String(summary["warning"]))] : [])].join(", ");
}

/**
 * Return a row for a job. It is updated in place, so that a click on its button is never lost.
 *
 * @param {Job} firstJob
 * @returns {JobRow}
 */
function createJobRow(firstJob) {
  let job = firstJob;
  const state = createElement("span");
  const target = describeTarget(job);
  const bar = createElement("progress", { aria: { label: target } });
  const note = createElement("small");
  const detail = createElement("small", { className: "detail" });
  const cancelOrRetry = reportErrors(async () => {
    await (isOpen(job) ? cancelJob : retryJob)(job.id);
    await showJobs();
  });
  const button = createButton("", cancelOrRetry);
  const path = createElement("span", { className: "path" }, target);
  const description = createElement("span", { className: "grow" }, path, bar, note, detail);
  const time = createElement("time", { dateTime: job.created_at }, formatDate(job.created_at));

  /** @param {Job} current */
  const update = (current) => {
    job = current;
    const isRunning = job.state === "running";
    state.className = `state ${job.state}`;
    state.textContent = job.cancelling ? t("lib.cancelling") : t(`job.${job.state}`);
    bar.hidden = !isRunning;
    bar.max = Math.max(job.total, 1);
    if (job.total) bar.value = job.done;
    else bar.removeAttribute("value");
    note.textContent = isRunning ? describeProgress(job) : isOpen(job) ? "" : describeSummary(job);
    note.className = job.state === "failed" ? "wrong" : "";
    detail.textContent = isRunning && job.detail ? getFileName(job.detail) : "";
    button.textContent = isOpen(job) ? t("lib.cancel") : t(job.state === "done" ? "lib.again" : "lib.retry");
    button.disabled = job.cancelling;
  };
  update(job);
  return { element: createElement("li", {}, state, description, time, may("admin") ? button : null), update };
}

/**
 * Follow the events of a running job.
 *
 * @param {number} id
 */
function followJob(id) {
  if (streams.has(id)) return;
  const stream = new EventSource(getJobEventsAddress(id));
  streams.set(id, stream);
  const close = () => {
    stream.close();
    streams.delete(id);
  };
  /** @param {MessageEvent<string>} event */
  const update = (event) => rows.get(id)?.update(JSON.parse(event.data));
  const finish = reportErrors(
    /** @param {MessageEvent<string>} event */ async (event) => {
      close();
      update(event);
      await showJobs();
    },
  );
  stream.addEventListener("progress", update);
  stream.addEventListener("end", finish);
  stream.addEventListener("error", close);
}

/** @param {Job} job */
function getRow(job) {
  let row = rows.get(job.id);
  if (row) {
    row.update(job);
  } else {
    row = createJobRow(job);
    rows.set(job.id, row);
  }
  return row.element;
}

/** @type {(hasFinished: boolean, jobs: Job[]) => Promise<void>} */
let onJobs = async () => {};

/** Show the current jobs. */
export async function showJobs() {
  const jobs = (await listJobs()).jobs.slice(0, MAX_ROWS);
  const elements = jobs.map(getRow);
  for (const job of jobs) if (job.state === "running") followJob(job.id);
  if (!elements.length) elements.push(createElement("li", {}, t("lib.no_jobs")));
  replaceRows(getElement("jobs"), elements);
  hasOpenJobs = jobs.some(isOpen);
  const finished = jobs
    .filter((job) => !isOpen(job))
    .map((job) => job.id)
    .join();
  const hasFinished = finishedJobs !== null && finished !== finishedJobs;
  finishedJobs = finished;
  await onJobs(hasFinished, jobs.filter(isOpen));
}

/**
 * Add a job and show it.
 *
 * @param {JobRequest} request
 */
export async function startJob(request) {
  await addJob(request);
  await showJobs();
}

/**
 * Keep the list of jobs up to date.
 *
 * @param {(hasFinished: boolean, openJobs: Job[]) => Promise<void>} callback called after each update with whether a
 *   job has finished since the last one
 */
export function watchJobs(callback) {
  onJobs = callback;
  let polls = 0;
  const poll = reportErrors(async () => {
    polls += 1;
    // A running job sends events, so it needs no polls.
    if (document.hidden || streams.size) return;
    if (hasOpenJobs || polls % IDLE_POLLS === 0) await showJobs();
  });
  setInterval(poll, POLL_INTERVAL_MS);
}
