'use strict';
const $ = (id) => document.getElementById(id);
const FIRST = 8;
const state = { images: [], answer: null, model: null, scope: 0, label: null, all: false, heat: true, turn: 0, token: null };

async function ask(path, options = {}) {
  const headers = state.token ? { Authorization: 'Bearer ' + state.token } : {};
  const reply = await fetch(path, { ...options, headers });
  if (reply.status === 401) {
    const given = prompt('This server asks for a token:');
    if (given) { state.token = given.trim(); return ask(path, options); }
  }
  if (reply.status === 429) { await new Promise((done) => setTimeout(done, 1000)); return ask(path, options); }
  if (!reply.ok) {
    const told = await reply.json().catch(() => ({}));
    throw new Error(told.error || 'the server answered with status ' + reply.status);
  }
  return reply;
}

function say(text, problem = false) {
  $('status').textContent = text;
  $('status').className = problem ? 'problem' : 'soft';
}

function form(images, withViews) {
  const made = new FormData();
  for (const image of images) made.append('images', image.file, 'image');
  if (withViews) for (const image of images) made.append('views', image.view);
  return made;
}

function element(name, properties = {}, ...children) {
  const { style, data, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  Object.assign(made.style, style || {});
  Object.assign(made.dataset, data || {});
  made.append(...children);
  return made;
}

async function start() {
  try {
    state.model = await (await ask('/v1/model')).json();
    const { recipe, run, labels, format } = state.model;
    $('model').textContent = [recipe, run && run !== recipe ? run : '', labels.length + ' labels', format === 'run' ? '' : format].filter(Boolean).join(' · ');
  } catch (error) { say(error.message, true); }
}

async function take(files) {
  const fresh = [...files].map((file) => ({ file, view: '', heat: {}, url: URL.createObjectURL(file) }));
  if (!fresh.length) return;
  const most = state.model ? state.model.most_images : 8;
  if (state.images.length + fresh.length > most) return say('At most ' + most + ' images at once.', true);
  state.images.push(...fresh);
  await predict();
}

async function predict() {
  const turn = ++state.turn;
  document.body.setAttribute('aria-busy', 'true');
  show();
  say(state.images.length > 1 ? 'Reading ' + state.images.length + ' images …' : 'Reading the image …');
  try {
    const path = state.images.length > 1 ? '/v1/study' : '/v1/predict';
    const answer = await (await ask(path, { method: 'POST', body: form(state.images, true) })).json();
    if (turn !== state.turn) return;
    state.answer = answer;
    state.scope = 0;
    state.label = scopes()[0].findings[0].label;
    say('');
  } catch (error) {
    if (turn !== state.turn) return;
    state.images = state.answer ? state.images.slice(0, state.answer.images.length) : [];
    say(error.message[0].toUpperCase() + error.message.slice(1), true);
  }
  document.body.removeAttribute('aria-busy');
  show();
  look();
}

function scopes() {
  if (!state.answer) return [];
  const { images, study } = state.answer;
  const each = images.map((image) => ({ name: images.length > 1 ? 'Image ' + image.image : 'Image', findings: image.findings, image: image.image - 1 }));
  return study ? [{ name: 'Study', findings: study.findings, image: null, rule: study.rule }, ...each] : each;
}

function show() {
  const some = state.images.length > 0;
  $('drop').hidden = some;
  $('work').hidden = !some;
  $('clear').hidden = !some;
  $('heat').hidden = !some || !state.model || !state.model.heatmaps;
  $('heat').setAttribute('aria-pressed', state.heat);
  $('open').textContent = some ? 'Add images' : 'Choose images';
  $('open').classList.toggle('main', !some);
  showViews();
  showFindings();
}

function showViews() {
  const place = $('views');
  place.classList.toggle('several', state.images.length > 1);
  place.classList.toggle('noheat', !state.heat);
  const current = scopes()[state.scope];
  while (place.children.length > state.images.length) place.lastChild.remove();
  state.images.forEach((image, i) => {
    let figure = place.children[i];
    if (!figure || figure.image !== image) {
      const made = picture(image, i);
      if (figure) figure.replaceWith(made); else place.append(made);
      figure = made;
    }
    figure.classList.toggle('picked', Boolean(current) && current.image === i && state.images.length > 1);
    const told = state.answer && state.answer.images[i];
    figure.querySelector('.size').textContent = told ? told.width + ' × ' + told.height : '';
    figure.querySelector('img').alt = 'Image ' + (i + 1) + (image.view ? ', ' + image.view : '');
    figure.querySelector('label').hidden = figure.querySelector('.drop').hidden = state.images.length < 2;
    figure.querySelector('.drop').setAttribute('aria-label', 'Remove image ' + (i + 1));
    figure.querySelector('b').textContent = 'Image ' + (i + 1);
    showHeatNote(figure, image);
  });
}

function picture(image, i) {
  const film = element('img', { src: image.url });
  film.onload = () => film.parentNode.style.setProperty('--ratio', film.naturalWidth / film.naturalHeight);
  film.onerror = async () => {
    film.onerror = null;
    try {
      const reply = await ask('/v1/preview', { method: 'POST', body: form([image], false) });
      image.url = film.src = URL.createObjectURL(await reply.blob());
    } catch { film.alt = 'This image has no preview.'; }
  };
  const choice = element('select', { onchange: (event) => { image.view = event.target.value; image.heat = {}; predict(); } });
  for (const [value, text] of [['', 'view?'], ['AP', 'AP'], ['PA', 'PA'], ['LATERAL', 'lateral']]) choice.append(element('option', { value, textContent: text }));
  choice.setAttribute('aria-label', 'View of image ' + (i + 1));
  const stack = element('span', { className: 'stack' }, film, element('canvas', { width: 1, height: 1 }), element('span', { className: 'where' }));
  const box = element('div', { className: 'film', onclick: () => pickScope(scopes().findIndex((scope) => scope.image === state.images.indexOf(image))) }, stack);
  const remove = element('button', { type: 'button', className: 'drop', textContent: '×', onclick: () => drop(image) });
  const caption = element('figcaption', {}, element('b'), element('span', { className: 'size soft' }), element('label', {}, choice), remove);
  return Object.assign(element('figure', {}, box, caption), { image });
}

function showHeatNote(figure, image) {
  const heat = image.heat[state.label], nowhere = state.heat && heat && Math.max(...heat.rows.flat()) < 0.05;
  figure.querySelector('.where').textContent = nowhere ? 'nothing here points to ' + state.label : '';
}

function drop(image) {
  URL.revokeObjectURL(image.url);
  state.images = state.images.filter((each) => each !== image);
  state.answer = null;
  predict();
}

function showFindings() {
  const found = scopes();
  $('panel').hidden = !found.length;
  $('scopes').hidden = found.length < 2;
  $('scopes').replaceChildren(...found.map((scope, i) => {
    const tab = element('button', { type: 'button', textContent: scope.name, onclick: () => pickScope(i) });
    tab.setAttribute('role', 'tab');
    tab.setAttribute('aria-selected', i === state.scope);
    return tab;
  }));
  const scope = found[state.scope];
  if (!scope) { $('findings').replaceChildren(); return; }
  const present = scope.findings.filter((finding) => finding.present).length;
  $('note').textContent = (present === 1 ? '1 finding' : present + ' findings') + ' at or above the threshold (the tick)' + (scope.rule ? ' · together by ' + scope.rule.replaceAll('_', ' ') : '');
  const place = scope.findings.findIndex((finding) => finding.label === state.label);
  const shown = state.all ? scope.findings : scope.findings.slice(0, Math.max(FIRST, present, place + 1));
  $('findings').replaceChildren(...shown.map(row));
  const rest = scope.findings.length - shown.length;
  $('more').hidden = !rest && !(state.all && scope.findings.length > FIRST);
  $('more').textContent = rest ? 'Show ' + rest + ' more' : 'Show fewer';
  showAbout();
}

function percent(value) { return value >= 0.9995 || value < 0.0005 ? (100 * value).toFixed(0) + ' %' : (100 * value).toFixed(1) + ' %'; }

function row(finding, i) {
  const { label, probability, threshold, present, group, trained } = finding;
  const name = element('span', { className: 'name', textContent: label });
  if (present) name.append(element('span', { className: 'mark', textContent: '● ' + (group || '') }));
  if (!trained) name.append(element('span', { className: 'untrained', textContent: 'never trained on' }));
  const value = element('span', { className: 'value', textContent: percent(probability) });
  const fill = element('span', { className: 'fill', style: { width: 100 * probability + '%' } });
  const tick = element('span', { className: 'tick', title: 'threshold ' + percent(threshold), style: { left: 100 * Math.min(threshold, 1) + '%' } });
  const made = element('li', { id: 'finding' + i, className: (present ? 'present ' : 'absent ') + (group || 'plain'), onclick: () => pick(label), data: { label } }, name, value, element('span', { className: 'track' }, fill, tick));
  made.setAttribute('role', 'option');
  made.setAttribute('aria-selected', label === state.label);
  made.setAttribute('aria-label', label + ', ' + percent(probability) + ', threshold ' + percent(threshold) + (trained ? (present ? ', present' : ', absent') : ', never trained on'));
  if (label === state.label) $('findings').setAttribute('aria-activedescendant', made.id);
  return made;
}

function showAbout() {
  const told = state.model && state.model.labels.find((each) => each.label === state.label);
  if (!told) return $('about').replaceChildren();
  const trained = told.train_count === null ? '' : told.train_count.toLocaleString('en') + ' training image' + (told.train_count === 1 ? '' : 's') + (told.group ? ' (' + told.group + ')' : '') + '. ';
  const note = told.note[0].toUpperCase() + told.note.slice(1) + '.';
  $('about').replaceChildren(element('dt', { textContent: told.label }), element('dd', { textContent: trained + 'Threshold ' + percent(told.threshold) + '. ' + note }));
}

function pick(label) {
  state.label = label;
  showFindings();
  const chosen = document.querySelector('#findings [aria-selected=true]');
  if (chosen) chosen.scrollIntoView({ block: 'nearest' });
  look();
}

function pickScope(i) {
  if (i < 0 || i >= scopes().length) return;
  state.scope = i;
  showViews();
  showFindings();
}

async function look() {
  if (!state.model || !state.model.heatmaps || !state.answer || !state.heat) return;
  const { label } = state;
  for (const image of [...state.images]) {
    try {
      if (!image.heat[label]) {
        const reply = await ask('/v1/heatmap?label=' + encodeURIComponent(label), { method: 'POST', body: form([image], false) });
        image.heat[label] = await reply.json();
      }
      const place = state.images.indexOf(image);
      if (state.label !== label || place < 0) continue;
      paint($('views').children[place], image.heat[label]);
      showHeatNote($('views').children[place], image);
    } catch (error) { say(error.message, true); return; }
  }
}

function paint(figure, heat) {
  const rows = heat.rows, small = element('canvas', { width: rows[0].length, height: rows.length });
  const pixels = small.getContext('2d').createImageData(small.width, small.height);
  rows.flat().forEach((value, i) => pixels.data.set(colour(value), 4 * i));
  small.getContext('2d').putImageData(pixels, 0, 0);
  const film = figure.querySelector('img'), canvas = figure.querySelector('canvas');
  canvas.width = film.naturalWidth || 512;
  canvas.height = film.naturalHeight || 512;
  const [left, top, right, bottom] = heat.covers, pen = canvas.getContext('2d');
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(small, left * canvas.width, top * canvas.height, (right - left) * canvas.width, (bottom - top) * canvas.height);
  canvas.dataset.label = heat.label;
}

function colour(value) {
  const stops = [[20, 40, 140, 0], [40, 130, 220, 60], [90, 210, 160, 150], [250, 210, 60, 215], [230, 60, 30, 255]];
  const place = Math.min(Math.max(value, 0), 1) * (stops.length - 1), low = Math.min(Math.floor(place), stops.length - 2), part = place - low;
  return stops[low].map((from, i) => from + (stops[low + 1][i] - from) * part);
}

function clear() {
  for (const image of state.images) URL.revokeObjectURL(image.url);
  Object.assign(state, { images: [], answer: null, label: null, scope: 0, all: false, turn: state.turn + 1 });
  say('');
  show();
  $('drop').focus();
}

function move(by) {
  const found = scopes()[state.scope];
  if (!found) return;
  const place = found.findings.findIndex((finding) => finding.label === state.label) + by;
  if (place >= 0 && place < found.findings.length) pick(found.findings[place].label);
}

const KEYS = {
  ArrowDown: () => move(1), ArrowUp: () => move(-1), ArrowRight: () => pickScope(state.scope + 1), ArrowLeft: () => pickScope(state.scope - 1),
  h: () => $('heat').click(), o: () => $('files').click(), Escape: clear,
};
document.addEventListener('keydown', (event) => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.target.tagName === 'SELECT' || event.ctrlKey || event.metaKey || event.altKey || !(key in KEYS)) return;
  if (key.startsWith('Arrow') && !state.answer) return;
  event.preventDefault();
  KEYS[key]();
});
$('drop').onkeydown = (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); $('files').click(); } };
$('drop').onclick = $('open').onclick = () => $('files').click();
$('clear').onclick = clear;
$('heat').onclick = () => { state.heat = !state.heat; show(); look(); };
$('more').onclick = () => { state.all = !state.all; showFindings(); };
$('files').onchange = (event) => { take(event.target.files); event.target.value = ''; };
for (const name of ['dragenter', 'dragover']) document.addEventListener(name, (event) => { event.preventDefault(); document.body.classList.add('over'); });
document.addEventListener('dragleave', (event) => { if (!event.relatedTarget) document.body.classList.remove('over'); });
document.addEventListener('drop', (event) => { event.preventDefault(); document.body.classList.remove('over'); take(event.dataTransfer.files); });
document.addEventListener('paste', (event) => take(event.clipboardData.files));
start();
