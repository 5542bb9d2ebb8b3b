// The web chat of Talk: <script src="https://talk.example.com/webchat.js" data-widget="<account id>"></script>
(() => {
  'use strict';
  const script = document.currentScript;
  const widget = script.dataset.widget;
  const base = `${new URL(script.src).origin}/v1.0/webchat/${encodeURIComponent(widget)}`;
  const key = `talk-webchat-${widget}`;
  const POLL = 2000;
  const POLL_HIDDEN = 15000;
  // A stream that shows no sign of life for so long is given up: its first one must come at once.
  const FIRST_SIGN = 5000;
  const SIGN = 60000;
  // After a stream that has failed, only the polls go on for a while.
  const PAUSE = 60000;
  // How often typing is told, and how long it is shown.
  const TELL = 3000;
  const TYPED = 5000;

  const host = document.createElement('div');
  host.id = 'talk-webchat';
  const root = host.attachShadow({ mode: 'open' });
  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial; position: fixed; right: 1rem; bottom: 1rem; z-index: 2147483000;
      font: 15px/1.4 system-ui, sans-serif; color: #1b1f24; }
    .open { border: 0; border-radius: 2rem; padding: .8rem 1.2rem; background: #175ddc; color: #fff;
      font: inherit; cursor: pointer; }
    .panel { display: flex; flex-direction: column; width: min(22rem, calc(100vw - 2rem)); color: #1b1f24;
      height: min(30rem, calc(100vh - 2rem)); background: #fff; border: 1px solid #c9d1d9;
      border-radius: .8rem; overflow: hidden; box-shadow: 0 8px 30px rgb(0 0 0 / 15%); }
    header { display: flex; justify-content: space-between; padding: .7rem 1rem; background: #175ddc; color: #fff; }
    header button { border: 0; background: none; color: inherit; font: inherit; cursor: pointer; }
    ol { flex: 1; margin: 0; padding: .8rem; overflow-y: auto; list-style: none; }
    li { max-width: 80%; width: fit-content; margin: 0 0 .5rem; padding: .5rem .7rem; border-radius: .7rem;
      background: #eef1f5; white-space: pre-wrap; overflow-wrap: anywhere; }
    li.incoming { margin-left: auto; background: #d7e5ff; }
    li.failed { background: #ffdcd7; }
    .typing { min-height: 1.4em; margin: 0; padding: 0 .8rem; color: #57606a; }
    li.sending { opacity: .6; }
    form [aria-label='Attach files'] { border: 0; background: none; font-size: 1.2em; cursor: pointer; }
    form { display: flex; gap: .5rem; padding: .6rem; border-top: 1px solid #c9d1d9; }
    textarea { flex: 1; resize: none; font: inherit; padding: .4rem; border: 1px solid #8b949e; border-radius: .4rem; }
    [hidden] { display: none !important; }`);
  root.adoptedStyleSheets = [style];

  const make = (tag, attributes = {}, text = '') => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };
  const open = make('button', { class: 'open', type: 'button' }, 'Chat');
  const panel = make('section', { class: 'panel', role: 'dialog', 'aria-label': 'Chat' });
  const header = make('header');
  const title = make('strong', {}, 'Chat');
  const close = make('button', { type: 'button', 'aria-label': 'Close' }, '\u00d7');
  const list = make('ol', { 'aria-live': 'polite' });
  const typing = make('p', { class: 'typing', 'aria-live': 'polite' });
  const form = make('form');
  const input = make('textarea', { rows: '2', 'aria-label': 'Message' });
  const attach = make('button', { type: 'button', 'aria-label': 'Attach files', title: 'Attach files' }, '\u{1f4ce}');
  const chooser = make('input', { type: 'file', multiple: '', hidden: '' });
  const send = make('button', { type: 'submit' }, 'Send');
  header.append(title, close);
  form.append(attach, input, send, chooser);
  panel.append(header, list, typing, form);
  root.append(open, panel);
  panel.hidden = true;

  const stored = {
    get: () => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (value) => { try { localStorage.setItem(key, value); } catch { /* private browsing */ } },
  };
  let token = stored.get();
  let since = 0;
  let read = 0;
  let timer = 0;
  let sending = 0;
  let posted = Promise.resolve();
  let stream = null;
  let isLive = false;
  let notBefore = 0;
  const waiting = [];
  const shown = new Map();

  const call = async (path, method = 'GET', body) => {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const isForm = body instanceof FormData;
    if (body && !isForm) headers['Content-Type'] = 'application/json';
    const options = { method, headers, credentials: 'omit', body: isForm || !body ? body : JSON.stringify(body) };
    const answer = await fetch(base + path, options);
    const content = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(content.error?.message ?? `HTTP ${answer.status}`), { status: answer.status });
    return content;
  };

  const begin = async () => {
    // Another tab may have begun.
    token ??= stored.get();
    if (token) return;
    const session = await call('/sessions', 'POST', {});
    token = session.token;
    stored.set(token);
    if (session.name) title.textContent = session.name;
  };

  // In the order of the conversation, before those that are on their way.
  const show = (message) => {
    if (shown.has(message.id)) return;
    // The text of a deleted message is gone.
    if (!(message.text || message.medias.length)) return;
    const item = make('li', { class: message.direction, 'data-seq': message.seq }, message.text);
    for (const { url, filename } of message.medias) {
      const link = make('a', { href: new URL(url, base).href, target: '_blank', rel: 'noopener noreferrer' }, filename);
      if (item.textContent) item.append(make('br'));
      item.append(link);
    }
    shown.set(message.id, item);
    const later = [...list.children].find(({ dataset }) => !(Number(dataset.seq) < message.seq));
    list.insertBefore(item, later ?? null);
    list.scrollTop = list.scrollHeight;
  };

  // A deleted message is not shown again: an answer from before its deletion may come later.
  const hide = (id) => {
    shown.get(id)?.remove();
    shown.set(id, null);
  };

  // While a message of our own is on its way, others wait: it may be among them, and would be shown twice.
  const take = (messages) => {
    waiting.push(...messages);
    for (const message of sending ? [] : waiting.splice(0)) show(message);
  };
  const markRead = async () => {
    if (panel.hidden || document.hidden || since <= read) return;
    const seq = since;
    await call('/read', 'PUT', { seq });
    read = seq;
  };

  let typed = 0;
  const showTyping = () => {
    typing.textContent = 'Typing …';
    clearTimeout(typed);
    typed = setTimeout(() => { typing.textContent = ''; }, TYPED);
  };
  let told = 0;
  const tellTyping = () => {
    if (!input.value || !since || Date.now() - told < TELL) return;
    told = Date.now();
    call('/typing', 'PUT', {}).catch(() => { /* The next key tells it. */ });
  };

  // New messages as they come, while the page is looked at. It ends by itself now and then, and goes on
  // after the last message.
  const follow = async () => {
    if (stream || !token || panel.hidden || document.hidden || Date.now() < notBefore) return;
    const own = new AbortController();
    stream = own;
    let alarm = setTimeout(() => own.abort(), FIRST_SIGN);
    const begun = Date.now();
    try {
      const headers = { Authorization: `Bearer ${token}` };
      const answer = await fetch(`${base}/stream?since=${since}`, { headers, credentials: 'omit', signal: own.signal });
      if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ''; ;) {
        const { value, done } = await reader.read();
        if (done) break;
        clearTimeout(alarm);
        alarm = setTimeout(() => own.abort(), SIGN);
        isLive = true;
        const events = (rest + value).split('\n\n');
        rest = events.pop();
        const messages = [];
        for (const event of events) {
          const field = (name) => event.split('\n').find((line) => line.startsWith(name))?.slice(name.length);
          const [kind, data] = [field('event: '), field('data: ')];
          if (data && kind === 'deleted') hide(JSON.parse(data).id);
          if (kind === 'typing') showTyping();
          if (data && !kind) messages.push(JSON.parse(data));
        }
        if (!messages.length) continue;
        typing.textContent = '';
        take(messages);
        since = messages.at(-1).seq;
        markRead().catch(() => { /* The next message tries again. */ });
      }
      if (Date.now() - begun < SIGN) notBefore = Date.now() + PAUSE;
    } catch {
      if (stream === own) notBefore = Date.now() + PAUSE;
    }
    clearTimeout(alarm);
    if (stream !== own) return;
    stream = null;
    isLive = false;
    poll();
  };
  const unfollow = () => {
    const own = stream;
    stream = null;
    isLive = false;
    own?.abort();
  };

  const poll = async () => {
    clearTimeout(timer);
    if (panel.hidden || document.hidden) unfollow();
    try {
      if (token && !isLive) {
        const { result, deleted } = await call(`/messages?since=${since}`);
        for (const id of deleted) hide(id);
        // A stream may have begun meanwhile, and shows them.
        if (!isLive && !sending) {
          take(result);
          since = Math.max(since, ...result.map(({ seq }) => seq));
        }
      }
      if (token) await markRead();
    } catch { /* The next poll tries again. */ }
    follow();
    clearTimeout(timer);
    timer = setTimeout(poll, document.hidden || panel.hidden || isLive ? POLL_HIDDEN : POLL);
  };

  // An answer that was lost is asked for again with the same id, so that the message is there once.
  const post = async (request, item) => {
    for (let tries = 0; ; tries += 1) {
      try {
        await begin();
        const message = await request();
        item.remove();
        show(message);
        return;
      } catch (error) {
        const isFinal = error.status >= 400 && error.status < 500 && error.status !== 429;
        if (isFinal || tries >= 5) {
          item.className = 'incoming failed';
          item.title = error.message;
          if (item.dataset.file) item.textContent = `${item.dataset.file}: ${error.message}`;
          return;
        }
        await new Promise((done) => setTimeout(done, 500 * 2 ** tries));
      }
    }
  };

  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };

  // One after the other, so that they are stored in the order in which they were written.
  const enqueue = (request, item) => {
    list.append(item);
    list.scrollTop = list.scrollHeight;
    sending += 1;
    posted = posted.then(() => post(request, item)).then(() => {
      sending -= 1;
      if (sending) return;
      take([]);
      poll();
    });
  };
  const sendFiles = (files) => {
    for (const file of files) {
      const id = newId();
      const request = () => {
        const upload = new FormData();
        upload.append('file', file, file.name || 'file');
        return call(`/files?id=${id}`, 'POST', upload);
      };
      enqueue(request, make('li', { class: 'incoming sending', 'data-file': file.name }, `${file.name} …`));
    }
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = '';
    const id = newId();
    enqueue(() => call('/messages', 'POST', { id, text }), make('li', { class: 'incoming' }, text));
  });
  input.addEventListener('input', tellTyping);
  attach.addEventListener('click', () => chooser.click());
  chooser.addEventListener('change', () => {
    sendFiles(chooser.files);
    chooser.value = '';
  });
  input.addEventListener('paste', (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    sendFiles(event.clipboardData.files);
  });
  panel.addEventListener('dragover', (event) => event.preventDefault());
  panel.addEventListener('drop', (event) => {
    event.preventDefault();
    sendFiles(event.dataTransfer.files);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  const toggle = (isOpen) => {
    panel.hidden = !isOpen;
    open.hidden = isOpen;
    if (isOpen) {
      input.focus();
      poll();
    }
  };
  open.addEventListener('click', () => toggle(true));
  close.addEventListener('click', () => toggle(false));
  document.addEventListener('visibilitychange', poll);
  (document.body || document.documentElement).append(host);
  if (script.dataset.open === 'true') toggle(true);
  else poll();
})();
