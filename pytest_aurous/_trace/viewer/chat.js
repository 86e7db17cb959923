"use strict";
// A chat as a conversation: its messages, and what the model has said, also while it still speaks.

/** Return the events of a stream as texts. */
const eventsOf = (text) => text.split("\n\n").map((event) => event.trim()).filter(Boolean);

/** Return the objects of a list: a request may have anything in their places. */
const objects = (list) => [list].flat().filter(isObject);

/** Return what was sent of a streamed response so far. */
const sentOf = (call) => call.response?.body?.text ?? call.sent ?? "";

/** Put the pieces of a streamed chat together: {message, reason, usage}. */
function answerOf(text) {
  const message = { role: "assistant", content: "", tool_calls: [] }, answer = { message };
  for (const event of eventsOf(text)) {
    const chunk = parsed({ text: event.replace(/^data: */, "") });
    const { delta: said, finish_reason: reason } = chunk?.choices?.[0] ?? {}, delta = said ?? {};
    for (const name of ["content", "refusal"]) if (delta[name]) message[name] = (message[name] ?? "") + delta[name];
    for (const { index, id, function: piece } of objects(delta.tool_calls)) {
      const one = (message.tool_calls[index] ??= { id, function: { name: piece?.name, arguments: "" } });
      one.function.arguments += piece?.arguments ?? "";
    }
    answer.reason = reason ?? answer.reason;
    answer.usage = chunk?.usage ?? answer.usage;
  }
  return answer;
}

/** Return a chat as {messages, message, reason, usage}; null for any other call, and for what cannot be read. */
function chatOf(call) {
  const asked = call.operation === "chat.create" && parsed(call.request.body);
  if (!Array.isArray(asked?.messages)) return null;
  const messages = objects(asked.messages);
  if (call.stream) return { messages, ...answerOf(sentOf(call)) };
  const said = parsed(call.response?.body);
  const { message, finish_reason: reason } = said?.choices?.[0] ?? {};
  return { messages, message, reason, usage: said?.usage };
}

/** Return the text of a message: of other parts than text, their type. */
const textOf = (content) => (Array.isArray(content) ? content : [content ?? ""]).map((part) =>
  typeof part === "string" ? part : part?.text ?? `(${part?.type ?? "unknown"})`).join("\n");

function ToolCall({ call }) {
  const { name, arguments: text = "" } = call.function ?? {}, value = parsed({ text });
  return html`<div class="tool-call"><p><${Icon} name="code" /> <code><${Text} of=${name} limit=${80} /></code>${" "}
      <span class="about"><${Text} of=${call.id ?? ""} limit=${60} /></span></p>
    ${isObject(value) ? html`<div class="json"><${Json} value=${value} /></div>`
      : html`<code><${Text} of=${text} /></code>`}</div>`;
}

function Said({ message, speaks }) {
  const { role, content, refusal, tool_calls: calls, tool_call_id: id } = message;
  const text = textOf(content);
  return html`<li class=${`message ${role === "user" ? "user" : ""}${speaks ? " speaks" : ""}`}>
    <p class="about"><strong>${visible(role ?? "?")}</strong> ${id && html`<${Text} of=${id} limit=${60} />`}</p>
    ${text && html`<p class="words"><${Text} of=${text} limit=${8000} /></p>`}
    ${refusal && html`<p class="words wrong"><${Text} of=${refusal} limit=${8000} /></p>`}
    ${objects(calls).map((call) => html`<${ToolCall} call=${call} />`)}</li>`;
}

function Conversation({ call, chat: { messages, message, reason, usage } }) {
  const speaks = call.stream && !call.stream.ended;
  const facts = [call.stream && (call.stream.ended || "speaks…"), reason && `finish reason ${visible(reason)}`,
    isObject(usage) && `${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out`,
    usage?.reasoning_tokens && `${usage.reasoning_tokens} of reasoning`,
    isObject(usage) && `${usage.credits_charged} credits`];
  return html`<${Section} title="Conversation" count=${messages.length + (message ? 1 : 0)}>
    <ol class="chat" role="list">${messages.map((one) => html`<${Said} message=${one} />`)}
      ${message && html`<${Said} message=${message} speaks=${speaks} />`}</ol>
    <p class="facts">${facts.filter(Boolean).map((fact) => html`<span>${fact}</span>`)}</p><//>`;
}
