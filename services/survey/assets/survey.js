// What the server's pages do not need, and people like: parts of a page come and go at once, a personal code leaves the
// address, and the browser's own back, forward and reload find what was filled in.
"use strict";
(() => {
  const form = document.querySelector("form[data-number]");
  const begin = document.querySelector("form[data-start]");
  const token = document.getElementById("token");

  // A link may bring a personal code behind its #, which browsers send to nobody.
  if (token && location.hash.length > 1) {
    let code = location.hash.slice(1);
    try { code = decodeURIComponent(code); } catch {}
    token.value = code;
    history.replaceState({ ...history.state, token: code }, "", location.pathname + location.search);
  }
  // Another language, or a look ahead, is a page of its own: whoever comes back finds the code there.
  if (token && !token.value && history.state && history.state.token) token.value = history.state.token;

  // A link to a field is no place of its own in the history; a code that comes behind the # of a page that stands already
  // begins anew.
  for (const link of document.querySelectorAll(".summary a")) {
    link.addEventListener("click", (event) => {
      const field = document.querySelector(link.hash);
      if (!field) return;
      event.preventDefault();
      field.focus();
    });
  }
  addEventListener("hashchange", () => {
    history.replaceState(null, "");
    location.reload();
  });

  const kept = () => { try { return JSON.parse(sessionStorage.getItem("larka") || "{}"); } catch { return {}; } };
  const post = (fields) => {
    const again = document.createElement("form");
    again.method = "post";
    again.action = begin.getAttribute("action");
    for (const [name, value] of fields) {
      const input = document.createElement("input");
      [input.type, input.name, input.value] = ["hidden", name, value];
      again.append(input);
    }
    again.hidden = true;
    document.body.append(again);
    again.submit();
  };

  // This place in the history was a page of the survey: it is that page again, or the thanks where that was handed in.
  const was = history.state && history.state.larka;
  if (begin && was) post(kept()[was.number] || was.fields);
  if (!form) return;

  const number = form.dataset.number;
  const fields = () => [...new FormData(form)].filter(([, value]) => typeof value === "string");
  if ("sent" in form.dataset) {
    const sent = fields();
    try { sessionStorage.setItem("larka", JSON.stringify({ ...kept(), [number]: sent })); } catch {}
    history.replaceState({ larka: { number, fields: sent } }, "");
    return;
  }
  const keep = () => {
    try { history.replaceState({ larka: { number, fields: [...fields(), ["#go", "stay"]] } }, ""); } catch {}
  };

  // A table has a 0 or a 1 for each of the answers together that the questions before it may have.
  const drivers = new Map([...form.querySelectorAll("[data-q]")].map((q) => [q.dataset.q, q]));
  const place = (q) => {
    const codes = JSON.parse(q.dataset.codes);
    const menu = q.querySelector("select");
    const inputs = [...q.querySelectorAll("input[type=radio], input[type=checkbox]")];
    if (inputs.some((input) => input.type === "checkbox")) {
      const chosen = inputs.filter((input) => input.checked).map((input) => input.value);
      return [codes.reduce((sum, code, at) => sum + (chosen.includes(code) ? 2 ** at : 0), 0), 2 ** codes.length];
    }
    const value = menu ? menu.value : (inputs.find((input) => input.checked) || { value: "" }).value;
    return [Math.max(0, codes.indexOf(value)), codes.length];
  };
  const holds = (on, is) => is[on.split(",").reduce((sum, q) => {
    const [at, of] = place(drivers.get(q));
    return sum * of + at;
  }, 0)] === "1";
  const parts = [...form.querySelectorAll("[data-is], [data-open], [data-shut]")];
  const show = () => {
    for (const part of parts) if (part.dataset.is) part.hidden = !holds(part.dataset.on, part.dataset.is);
    for (const part of parts) {
      if (part.dataset.open) part.toggleAttribute("data-off", !holds(part.dataset.openOn, part.dataset.open));
    }
    const off = (control) => control.closest("[hidden], [data-off], [data-shut]") !== null;
    for (const control of form.querySelectorAll(".q input, .q select, .q textarea, .q option")) control.disabled = off(control);
  };
  if (parts.length > 0) {
    form.addEventListener("change", show);
    show();
  }

  let soon;
  form.addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(keep, 300); });
  form.addEventListener("change", keep);
  form.addEventListener("submit", keep);
  addEventListener("beforeunload", keep);
  document.addEventListener("visibilitychange", keep);
  keep();
})();
