/** The wire's shapes, as `src/playhead/model/answers.py` spells them. Times are RFC 3339 texts, durations milliseconds. */

export type EventType =
  | 'interaction'
  | 'user_action'
  | 'code_context'
  | 'system_metrics'
  | 'workspace_state'
  | 'step'
  | 'feedback'
  | 'gap';
export type StepKind = 'tool' | 'retrieval' | 'agent' | 'chain' | 'http' | 'custom';
export type CostSource = 'reported' | 'computed' | 'unknown';
export type Source = 'in-app' | 'integration' | 'telemetry' | 'manual' | 'unified' | 'import';
export type Status = 'active' | 'completed' | 'error';
export type EndReason = 'ended' | 'timeout';
export type Scope = 'ingest' | 'read' | 'admin';
export type AccessLevel = 'public' | 'password' | 'team';
export type GroupBy = 'day' | 'hour' | 'model' | 'feature' | 'user';
export type SortBy = 'startedAt' | 'cost' | 'tokens' | 'duration' | 'interactions' | 'errors';
export type SortOrder = 'desc' | 'asc';
export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
export type JsonObject = { [member: string]: Json };
export type Content = string | Json[];

export interface Answer<T> {
  success: true;
  data: T;
}

export interface Problem {
  code: string;
  message: string;
  details?: Json;
}

export interface Failure {
  success: false;
  error: Problem;
  type: string;
  title: string;
  status: number;
  detail: string;
}

export interface TokenTotals {
  input: number;
  output: number;
}

export interface Summary {
  totalCost: number;
  totalTokens: TokenTotals;
  totalSpans: number;
  totalInteractions: number;
  totalEvents: number;
  unpricedInteractions: number;
  models: string[];
  droppedEvents: number;
  pendingInteractions: number;
}

export interface SessionItem {
  sessionId: string;
  userId: string | null;
  label: string | null;
  source: Source;
  appFeature: string;
  integrationName: string | null;
  workspaceId: string | null;
  tags: string[];
  metadata: JsonObject;
  startedAt: string;
  endedAt: string | null;
  duration: number;
  status: Status;
  endReason: EndReason | null;
  hasErrors: boolean;
  errorCount: number;
  bookmarked: boolean;
  summary: Summary;
  replayUrl: string;
  createdAt: string;
  updatedAt: string;
}

export interface Pagination {
  page: number;
  limit: number;
  total: number;
  totalPages: number;
  /** Of totals over 10,000, when counting would take long. */
  totalIsEstimate: boolean;
  nextCursor: string | null;
}

export interface ListAnswer {
  success: true;
  data: SessionItem[];
  pagination: Pagination;
  meta: { total: number; page: number; totalPages: number; totalIsEstimate: boolean };
}

export interface Tokens {
  input?: number;
  output?: number;
  cached?: number;
  reasoning?: number;
}

/** What every recorded event carries; members beyond the known ones are answered as they were recorded. */
export interface RecordedEvent {
  id: string;
  seq: number;
  type: EventType;
  timestamp: string;
  receivedAt: string;
  [member: string]: unknown;
}

export interface Interaction extends RecordedEvent {
  type: 'interaction';
  model: string;
  prompt: Content;
  response?: Content | null;
  provider?: string | null;
  tokens?: Tokens | null;
  cost?: number | null;
  costSource: CostSource;
  latency?: number | null;
  timeToFirstToken?: number | null;
  parameters?: JsonObject | null;
  requestMetadata?: JsonObject | null;
  responseMetadata?: JsonObject | null;
  error?: Json;
  /** Announced, and not over yet. */
  pending?: boolean;
  parentId?: Json;
}

export interface UserAction extends RecordedEvent {
  type: 'user_action';
  action: string;
  target?: Json;
  metadata?: JsonObject | null;
}

export interface CodeContext extends RecordedEvent {
  type: 'code_context';
  file?: string | null;
  snippet?: string | null;
  language?: string | null;
  cursorPosition?: { line: number; column: number } | null;
  metadata?: JsonObject | null;
}

export interface SystemMetrics extends RecordedEvent {
  type: 'system_metrics';
  cpu?: number | null;
  memory?: number | null;
  activeRequests?: number | null;
  network?: { sent?: number; received?: number } | null;
  metadata?: JsonObject | null;
}

export interface WorkspaceState extends RecordedEvent {
  type: 'workspace_state';
  environment?: Json;
  settings?: Json;
  activeFiles?: Json[] | null;
  metadata?: JsonObject | null;
}

export interface Step extends RecordedEvent {
  type: 'step';
  name: string;
  kind: StepKind;
  parentId?: string | null;
  input?: Json;
  output?: Json;
  latency?: number | null;
  status?: string | null;
  error?: Json;
}

export interface Feedback extends RecordedEvent {
  type: 'feedback';
  score?: number | boolean | string | null;
  comment?: string | null;
  interactionId?: string | null;
}

export interface Gap extends RecordedEvent {
  type: 'gap';
  count: number;
  reasons?: Record<string, number> | null;
  from?: string | number | null;
  until?: string | number | null;
}

export type AnyEvent =
  | Interaction
  | UserAction
  | CodeContext
  | SystemMetrics
  | WorkspaceState
  | Step
  | Feedback
  | Gap;

export interface EventsAnswer {
  success: true;
  data: AnyEvent[];
  next: number | null;
}

/** One event as a lane draws it; members at their default are left out on the wire. */
export interface Mark {
  seq: number;
  id: string;
  type: EventType;
  at: number;
  end: number;
  error?: boolean;
  latency?: number;
  firstToken?: number;
  model?: string;
  name?: string;
  kind?: StepKind;
  parentId?: string;
  cost?: number;
  costSource?: CostSource;
  inputTokens?: number;
  outputTokens?: number;
  preview?: string;
  responsePreview?: string;
  role?: string;
  cpu?: number;
  memory?: number;
  /** A call that was announced and is not over: it has no end yet. */
  pending?: boolean;
  /** Of a gap: how many events were lost, and why. */
  count?: number;
  reasons?: Record<string, number>;
}

export interface IdleSpan {
  start: number;
  end: number;
  kind: string;
}

export interface Lane {
  key: string;
  count: number;
  errors: number;
}

export interface Timeline {
  aiInteractions: Mark[];
  steps: Mark[];
  userActions: Mark[];
  systemMetrics: Mark[];
  feedback: Mark[];
  workspaceStates: Mark[];
  gaps: Mark[];
}

export interface UsualLatency {
  model: string;
  count: number;
  p50: number | null;
  p95: number | null;
}

export interface PlayerData {
  session: SessionItem;
  summary: Summary;
  duration: number;
  timeline: Timeline;
  codeSnapshots: Mark[];
  idleSpans: IdleSpan[];
  lanes: Lane[];
  latencies: UsualLatency[];
  lastSeq: number;
  changes: number;
  /** Milliseconds from the session's start to this answer, by the server's clock. */
  elapsed: number;
  next: number | null;
}

export interface OutlineLane {
  key: EventType;
  counts: number[];
}

export interface OutlinePage {
  /** What the server is asked with for this page. */
  after: number;
  /** When its first and its last event were complete, in ms from the session's start. */
  start: number;
  end: number;
  events: number;
  /** Events that are no samples of metrics. */
  moments: number;
  errors: number;
  calls: number;
  cost: number;
  inputTokens: number;
  outputTokens: number;
}

export interface EventPlace {
  seq: number;
  at: number;
}

/** A long session from afar: counts by cells of `cell` ms, and its pages. */
export interface Outline {
  cell: number;
  lanes: OutlineLane[];
  errors: number[];
  pages: OutlinePage[];
  event: EventPlace | null;
}

export interface SnippetPart {
  text: string;
  match: boolean;
}

export interface SearchEvent {
  id: string;
  seq: number;
  type: EventType;
  timestamp: string;
  at: number;
}

export interface SearchHit {
  session: SessionItem;
  event: SearchEvent | null;
  snippet: string;
  parts: SnippetPart[];
  score: number;
}

export interface SearchAnswer {
  success: true;
  data: SearchHit[];
  pagination: Pagination;
  /** How many of very many hits are ranked, null where all are; the others follow by age. */
  ranked: number | null;
}

export interface ModelRow {
  model: string;
  count: number;
  cost: number;
  tokens: number;
  p50: number | null;
  p95: number | null;
}

export interface SeriesRow {
  key: string;
  sessions: number;
  interactions: number;
  errors: number;
  cost: number;
  tokens: TokenTotals;
  p50: number | null;
  p95: number | null;
}

export interface StatsData {
  totalSessions: number;
  totalInteractions: number;
  bySource: Record<string, number>;
  byStatus: Record<string, number>;
  byAppFeature: Record<string, number>;
  totalCost: number;
  totalTokens: TokenTotals;
  averageDuration: number;
  errorRate: number;
  unpricedInteractions: number;
  droppedEvents: number;
  latency: { p50: number | null; p90: number | null; p95: number | null; p99: number | null };
  /** Of every percentile here, over more than 10,000 calls. */
  latencyIsEstimate: boolean;
  topModels: ModelRow[];
  costBySource: Record<string, number>;
  groupBy: GroupBy;
  series: SeriesRow[];
}

/** A session in cells of equal length: how much was under way in each. Without cells when it is too long to look through. */
export interface Activity {
  sessionId: string;
  duration: number;
  complete: boolean;
  interactions: number[];
  steps: number[];
  others: number[];
  errors: number[];
}

export interface FacetRow {
  /** Of the count, where more than 10,000 sessions match. */
  isEstimate: boolean;
  value: string;
  count: number;
}

export type FacetName = 'feature' | 'source' | 'status' | 'user' | 'model' | 'tag';
export type FacetsData = Record<FacetName, FacetRow[]>;

export interface ShareRequest {
  accessLevel?: AccessLevel;
  expiresIn?: number;
  password?: string;
  maxViews?: number;
  redact?: boolean;
}

export interface SharedData {
  shareId: string;
  shareToken: string;
  shareUrl: string;
  accessLevel: AccessLevel;
  expiresAt: string;
}

export interface ShareItem {
  shareId: string;
  accessLevel: AccessLevel;
  createdAt: string;
  expiresAt: string;
  revokedAt: string | null;
  maxViews: number | null;
  views: number;
  redact: boolean;
  hasPassword: boolean;
  active: boolean;
}

export interface ProjectShare extends ShareItem {
  sessionId: string;
  sessionLabel: string | null;
}

export interface SharesAnswer {
  success: true;
  data: ProjectShare[];
  pagination: Pagination;
}

export interface KeyItem {
  keyId: string;
  project: string;
  scope: Scope;
  label: string;
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
}

export interface NewKeyData extends KeyItem {
  key: string;
}

export interface WhoAmI {
  project: string;
  scope: Scope;
}

export type TurnChange = 'same' | 'changed' | 'added' | 'removed';
export type TurnMember = 'prompt' | 'response' | 'model' | 'parameters' | 'input' | 'output' | 'error';

/** A stretch of text: in both, in the first alone, or in the second alone. */
export interface TextPiece {
  op: 'equal' | 'delete' | 'insert';
  text: string;
}

export interface TurnSide {
  seq: number;
  id: string;
  at: number;
  name: string;
  preview: string;
  answerPreview: string;
  error: boolean;
  latency: number | null;
  cost: number | null;
  inputTokens: number | null;
  outputTokens: number | null;
}

/** The second's numbers less the first's. */
export interface TurnDifferences {
  latency: number | null;
  cost: number | null;
  inputTokens: number | null;
  outputTokens: number | null;
}

export interface Turn {
  index: number;
  type: 'interaction' | 'step';
  change: TurnChange;
  a: TurnSide | null;
  b: TurnSide | null;
  members: TurnMember[];
  asked: TextPiece[] | null;
  answered: TextPiece[] | null;
  /** A text was too long to be compared whole. */
  cut: boolean;
  differences: TurnDifferences | null;
}

/** What a session came to; as `differences`, the second's numbers less the first's. */
export interface SessionDifferences {
  interactions: number;
  steps: number;
  errors: number;
  cost: number;
  inputTokens: number;
  outputTokens: number;
  /** Milliseconds that the model calls took together. */
  latency: number;
  duration: number;
}

export interface ComparedSession extends SessionDifferences {
  /** Calls without a known price, which the cost leaves out. */
  unpricedInteractions: number;
  sessionId: string;
  label: string | null;
  appFeature: string;
  models: string[];
}

export interface Comparison {
  a: ComparedSession;
  b: ComparedSession;
  differences: SessionDifferences;
  counts: Record<TurnChange, number>;
  firstDivergence: { turn: number; change: TurnChange; members: TurnMember[]; aSeq: number | null; bSeq: number | null } | null;
  turns: Turn[];
  next: number | null;
  /** False where a session has more turns than are compared. */
  complete: boolean;
}

export type RedactionKind = 'api_key' | 'card' | 'email' | 'iban' | 'ip' | 'jwt' | 'phone' | 'private_key' | 'ssn';

export interface NamedPattern {
  name: string;
  pattern: string;
}

export interface AllowedPattern {
  pattern: string;
}

export interface RedactionData {
  enabled: boolean;
  kinds: RedactionKind[];
  secretNames: string[];
  patterns: NamedPattern[];
  allow: (string | AllowedPattern)[];
}

export interface RedactedText {
  text: string;
}

export type AuditAction =
  | 'sign-in'
  | 'session.view'
  | 'session.change'
  | 'session.erase'
  | 'session.export'
  | 'sessions.export'
  | 'search'
  | 'share.create'
  | 'share.revoke'
  | 'share.unlock'
  | 'share.open'
  | 'key.create'
  | 'key.revoke'
  | 'settings.change'
  | 'note.create'
  | 'note.change'
  | 'note.delete'
  | 'audit.read'
  | 'audit.export';

/** Who did what, when and from where. */
export interface AuditEntry {
  no: number;
  at: string;
  action: AuditAction;
  actor: { kind: 'key' | 'share' | 'server' | 'command-line'; id: string; label: string };
  target: { kind: string; id: string; sessionId: string | null };
  address: string;
  agent: string;
  details: Record<string, unknown>;
  outcome: 'ok' | 'refused';
  reason: string | null;
}

export interface AuditPagination {
  limit: number;
  total: number;
  nextCursor: string | null;
}

export interface AuditAnswer {
  data: AuditEntry[];
  pagination: AuditPagination;
  success: true;
}

export interface RetentionData {
  days: number | null;
  keepBookmarked: boolean;
}

export interface RetentionPreview {
  sessions: number;
  interactions: number;
  oldestStartedAt: string | null;
}

export interface SettingsData {
  retention: RetentionData;
  redaction: RedactionData;
  sessionTimeoutSeconds: number;
}

export type SettingsChanges = Partial<SettingsData>;
