/** The library page: sources, uploads, jobs, models and the state of every file. */

import { may } from "../shared/session.js";
import { reportErrors } from "../shared/status.js";
import { bindHidden, showHidden } from "./hidden.js";
import { showJobs, watchJobs } from "./jobs.js";
import { bindLedger, showLedger } from "./ledger.js";
import { showModels } from "./models.js";
import { bindSources, showSources } from "./sources.js";
import { showSummary } from "./summary.js";
import { bindUploads } from "./upload.js";

const showModelsToAdmins = async () => (may("admin") ? showModels() : null);
const showAll = () =>
  Promise.all([showSources(), showJobs(), showLedger(), showSummary(), showHidden(), showModelsToAdmins()]);

if (may("admin")) bindSources(showAll);
if (may("edit")) bindUploads(showAll);
bindHidden();
bindLedger(new URLSearchParams(location.search).get("state"));
watchJobs(async (hasFinished, openJobs) => {
  if (hasFinished) await Promise.all([showSources(), showLedger(), showSummary()]);
  if (hasFinished || openJobs.some((job) => job.model)) await showModelsToAdmins();
});
reportErrors(showAll)();
