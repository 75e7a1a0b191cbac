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

function show(prompt, round) {
  // Only the newest answers can be gone on with.
  for (const button of $("rounds").querySelectorAll("button")) button.remove();
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
  });
  if (round.verdict) {
    const verdict = make(section, "div", "verdict");
    const p = round.verdict.probabilityFirst;
    if (typeof p === "number") {
      const bias = typeof round.verdict.positionBias === "number" ? ", position bias " + round.verdict.positionBias.toFixed(2) : "";
      make(verdict, "div", "", "Judge: P(" + round.answers[0].model + " is better) = " + p.toFixed(2) + bias);
      make(make(verdict, "div", "bar"), "span").style.width = 100 * p + "%";
    } else {
      make(verdict, "div", "", "Judge: no answer, " + round.verdict.missing);
    }
    make(verdict, "div", "principle", round.verdict.principle);
  }
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
    const round = await json("play/ask", { turns: next, number: number + 1, temperature: $("temperature").valueAsNumber, maxTokens: $("tokens").valueAsNumber, seed: $("seed").valueAsNumber });
    number++;
    turns = next;
    last = round;
    show(prompt, round);
    $("prompt").value = "";
  } catch (error) {
    $("error").textContent = error.message;
  }
  $("send").disabled = false;
  $("prompt").focus();
}

async function start() {
  setup = await json("play/models");
  $("models").textContent = setup.models.join(" · ") + (setup.scores ? " · scored" : "") + (setup.judge ? " · judged" : "");
  $("temperature").value = setup.temperature;
  $("tokens").value = setup.maxTokens;
  $("seed").value = setup.seed;
  $("ask").addEventListener("submit", ask);
  $("prompt").addEventListener("keydown", e => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); $("ask").requestSubmit(); } });
  $("new").addEventListener("click", () => { turns = []; last = null; $("rounds").replaceChildren(); $("error").textContent = ""; });
  document.body.dataset.ready = "yes";
}

start().catch(error => { $("error").textContent = error.message; });
