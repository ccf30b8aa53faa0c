// The only place that talks to the server: every refusal becomes a Refusal with the server's own words.
import type {
  AnswerLine, Correlation, Explained, Facts, FormulaAnswer, FormulaQuestion, LineageGraph, Members, Period, Problem, Project, Question,
  SearchAnswer, SqlText, Trouble, Why,
} from "./types";

/** The server said no, and why. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.zh);
  }
}

const UNREACHABLE: Problem = {
  status: 0, code: "unreachable", title: "Unreachable", zh: "连接不上服务器", en: "the server cannot be reached",
  advice_zh: "检查网络后重试", advice_en: "check the network and try again",
};

/** Parameters of an address; a list is said once for each value, what is empty is left out. */
export type Parameters = Record<string, string | number | readonly string[] | undefined>;

export function queryOf(parameters: Parameters): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined && each !== "") said.append(name, String(each));
  }
  const text = said.toString();
  return text ? `?${text}` : "";
}

async function answered(address: string, options: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal(UNREACHABLE);
  }
  if (!response.ok) throw new Refusal(await problemOf(response));
  return response;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return (await response.json()) as Problem;
  } catch {
    return { status: response.status, code: "unreadable", title: response.statusText, zh: "服务器的回答无法读懂", en: "the answer could not be read" };
  }
}

async function got<T>(address: string, signal?: AbortSignal): Promise<T> {
  const response = await answered(address, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) });
  return (await response.json()) as T;
}

function posting(body: unknown, signal?: AbortSignal): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), ...(signal ? { signal } : {}) };
}

/** Lines of a stream as they come, whatever the pieces it comes in. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line) yield line;
    if (done) break;
  }
  if (rest) yield rest;
}

/** Ask a batch; each answer is handed over the moment it is there. */
export async function ask(questions: Question[], heard: (line: AnswerLine) => void, signal?: AbortSignal): Promise<void> {
  if (!questions.length) return;
  const response = await answered("/api/query", posting(questions, signal));
  if (!response.body) return;
  for await (const line of linesOf(response.body)) heard(JSON.parse(line) as AnswerLine);
}

/** Ask a batch and wait for all answers, in the order of the questions. */
export async function askAll(questions: Question[], signal?: AbortSignal): Promise<AnswerLine[]> {
  const lines: AnswerLine[] = [];
  await ask(questions, (line) => (lines[line.index] = line), signal);
  return lines;
}

/** A trouble with the status it came under; 0 where no answer came at all. */
export interface Told extends Trouble {
  status?: number;
}

/** What stands between an answer and a person's understanding of it, in words; nothing when all is well. */
export function troubleOf(error: unknown): Told {
  if (error instanceof Refusal) return { ...(error.problem.findings?.[0] ?? error.problem), status: error.problem.status };
  return { code: "unexpected", zh: "页面出错了", en: String(error), advice_zh: "刷新页面重试" };
}

const of = (id: string): string => `/api/indicators/${encodeURIComponent(id)}`;

export const project = (signal?: AbortSignal): Promise<{ definition: Project }> => got("/api/catalog/project/project", signal);
export const search = (parameters: Parameters, signal?: AbortSignal): Promise<SearchAnswer> =>
  got(`/api/catalog/search${queryOf(parameters)}`, signal);
export const facts = (id: string, signal?: AbortSignal): Promise<Facts> => got(of(id), signal);
export const members = (dimension: string, parameters: Parameters, signal?: AbortSignal): Promise<Members> =>
  got(`/api/dimensions/${encodeURIComponent(dimension)}/members${queryOf(parameters)}`, signal);
export const why = (id: string, parameters: Parameters, signal?: AbortSignal): Promise<Why> => got(`${of(id)}/why${queryOf(parameters)}`, signal);
export const explain = (id: string, parameters: Parameters, signal?: AbortSignal): Promise<Explained> =>
  got(`${of(id)}/explain${queryOf(parameters)}`, signal);
export const sql = (id: string, parameters: Parameters, signal?: AbortSignal): Promise<SqlText> => got(`${of(id)}/sql${queryOf(parameters)}`, signal);
export const lineage = (id: string, signal?: AbortSignal): Promise<LineageGraph> => got(`${of(id)}/lineage`, signal);
export const valuesAddress = (id: string, format: "csv" | "xlsx", parameters: Parameters): string => `${of(id)}/values.${format}${queryOf(parameters)}`;

export async function formula(question: FormulaQuestion, signal?: AbortSignal): Promise<FormulaAnswer> {
  return (await (await answered("/api/formula", posting(question, signal))).json()) as FormulaAnswer;
}

export async function correlation(
  question: { a: string; b: string; grain: string; period?: Period; by?: string[]; where?: string }, signal?: AbortSignal,
): Promise<Correlation> {
  return (await (await answered("/api/correlation", posting(question, signal))).json()) as Correlation;
}
