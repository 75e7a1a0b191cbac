"use strict";
// All text that comes from a model is set as textContent, never as markup.
const $ = id => document.getElementById(id);
let setup, turns = [], last = null, chosen = 0, number = 0;

function make(parent, tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

async function json(path, body) {
  const options = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ? answer.error.message : response.statusText);
  return answer;
}

function choose(index) {
  chosen = index;
  const rounds = $("rounds").querySelectorAll(".answers");
  const newest = rounds[rounds.length - 1];
  if (newest) [...newest.children].forEach((card, i) => card.classList.toggle("chosen", i === index && setup.models.length > 1));
}

function settings() {
  return { temperature: $("temperature").valueAsNumber, maxTokens: $("tokens").valueAsNumber, seed: $("seed").valueAsNumber };
}

// A control under an answer that has it criticised and revised under a principle of the reader's choice.
function offerWhy(card, asked, model, answer) {
  const why = make(card, "details", "why");
  make(why, "summary", "", "Why?");
  const row = make(why, "div", "choice");
  const list = make(row, "select");
  list.setAttribute("aria-label", "Principle of the critique of " + answer.model);
  for (const principle of setup.principles) make(list, "option", "", principle.request).value = principle.id;
  const button = make(row, "button", "", "Criticise");
  button.type = "button";
  const shown = make(why, "div", "critique");
  shown.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    button.disabled = true;
    shown.replaceChildren();
    make(shown, "p", "request", "…");
    try {
      const written = await json("play/why", { turns: asked, model, answer: answer.text, principle: list.value, ...settings() });
      shown.replaceChildren();
      make(shown, "p", "request", written.critic + " was asked: " + written.critiqueRequest);
      make(shown, "p", "text", written.critique || "(nothing)");
      make(shown, "p", "request", "Then: " + written.revisionRequest);
      make(shown, "p", "text", (written.revision || "(nothing)") + (written.finished ? "" : " …"));
    } catch (error) {
      shown.replaceChildren();
      make(shown, "p", "failure", error.message);
    }
    button.disabled = false;
  });
}

function showVerdict(section, round) {
  const verdict = make(section, "div", "verdict");
  const { pairs, means, principle } = round.verdict;
  const number = p => typeof p === "number" ? p.toFixed(2) : "?";
  if (pairs.length === 1) {
    const p = pairs[0].probabilityFirst;
    if (typeof p === "number") {
      const bias = typeof pairs[0].positionBias === "number" ? ", position bias " + number(pairs[0].positionBias) : "";
      make(verdict, "div", "", "Judge: P(" + round.answers[0].model + " is better) = " + number(p) + bias);
      make(make(verdict, "div", "bar"), "span").style.width = 100 * p + "%";
    } else {
      make(verdict, "div", "", "Judge: no answer, " + pairs[0].missing);
    }
  } else {
    const table = make(make(verdict, "div", "wide"), "table");
    make(table, "caption", "", "Judge: P(row is better than column)");
    const better = (row, column) => {
      const pair = pairs.find(p => p.first === Math.min(row, column) && p.second === Math.max(row, column)).probabilityFirst;
      return typeof pair !== "number" || row < column ? pair : 1 - pair;
    };
    const head = make(make(table, "thead"), "tr");
    make(head, "td");
    for (const title of [...means.map((_, i) => String(i + 1)), "mean"]) make(head, "th", "", title).scope = "col";
    const body = make(table, "tbody");
    means.forEach((mean, row) => {
      const line = make(body, "tr");
      make(line, "th", "", row + 1 + " " + round.answers[row].model).scope = "row";
      means.forEach((_, column) => make(line, "td", "", row === column ? "" : number(better(row, column))));
      make(line, "td", "mean", number(mean));
    });
    const biases = pairs.map(p => p.positionBias).filter(b => typeof b === "number");
    if (biases.length) make(verdict, "div", "", "Mean position bias " + number(biases.reduce((a, b) => a + b) / biases.length));
    for (const pair of pairs.filter(p => typeof p.probabilityFirst !== "number"))
      make(verdict, "div", "", (pair.first + 1) + " and " + (pair.second + 1) + ": no answer, " + pair.missing);
  }
  make(verdict, "div", "principle", principle);
}

function show(prompt, round) {
  // Only the newest answers can be gone on with.
  for (const button of $("rounds").querySelectorAll(".facts button")) button.remove();
  const section = make($("rounds"), "section", "round");
  make(section, "div", "prompt", prompt);
  const answers = make(section, "div", "answers");
  round.answers.forEach((answer, i) => {
    const card = make(answers, "article", "answer");
    make(card, "h2", "", answer.model);
    make(card, "p", "text", answer.text + (answer.finished ? "" : " …"));
    const facts = make(card, "div", "facts");
    make(facts, "span", "score", typeof answer.score === "number" ? "PM score " + answer.score.toFixed(2) : "");
    if (round.answers.length > 1) {
      const button = make(facts, "button", "", "Go on with this");
      button.type = "button";
      button.addEventListener("click", () => choose(i));
    }
    if (setup.principles.length && answer.text) offerWhy(card, turns, i, answer);
  });
  if (round.verdict) showVerdict(section, round);
  choose(chosen);
  section.scrollIntoView({ block: "end" });
}

async function ask(event) {
  event.preventDefault();
  const prompt = $("prompt").value.trim();
  if (!prompt) return;
  $("error").textContent = "";
  $("send").disabled = true;
  const next = last ? [...turns, last.answers[chosen].text || "…", prompt] : [prompt];
  try {
    const round = await json("play/ask", { turns: next, number: number + 1, ...settings() });
    number++;
    turns = next;
    last = round;
    show(prompt, round);
    $("prompt").value = "";
    $("samples").open = false;
  } catch (error) {
    $("error").textContent = error.message;
  }
  $("send").disabled = false;
  $("prompt").focus();
}

function offerSamples() {
  for (const group of setup.samples) {
    const row = make($("samples"), "div", "group");
    make(row, "span", "", group.name);
    for (const prompt of group.prompts) {
      const button = make(row, "button", "", prompt);
      button.type = "button";
      button.addEventListener("click", () => { $("prompt").value = prompt; $("prompt").focus(); });
    }
  }
  $("samples").hidden = !setup.samples.length;
}

async function start() {
  setup = await json("play/models");
  $("models").textContent = setup.models.join(" · ") + (setup.scores ? " · scored" : "") + (setup.judge ? " · judged" : "");
  $("temperature").value = setup.temperature;
  $("tokens").value = setup.maxTokens;
  $("seed").value = setup.seed;
  offerSamples();
  $("ask").addEventListener("submit", ask);
  $("prompt").addEventListener("keydown", e => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); $("ask").requestSubmit(); } });
  $("new").addEventListener("click", () => { turns = []; last = null; $("rounds").replaceChildren(); $("error").textContent = ""; $("samples").open = true; });
  document.body.dataset.ready = "yes";
}

start().catch(error => { $("error").textContent = error.message; });
