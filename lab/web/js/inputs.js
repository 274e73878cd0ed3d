// Input blocks of a form, and reading what was filled in.
import { el } from './dom.js';
import { plainText, textObject } from './text.js';

/** Draws an input block. place.values holds what was typed before, by block and action. */
export function input(block, place) {
  const e = block.element ?? {};
  const typed = place.values?.[block.block_id]?.[e.action_id];
  const make = fields[e.type];
  const label = [plainText(block.label), block.optional && el('small', {}, ' (optional)')];
  const hint = block.hint && el('p', { class: 'hint-line' }, plainText(block.hint));
  const wrong = el('p', { class: 'wrong', role: 'alert', hidden: true });
  if (!make) return el('div', { class: 'form-field' }, el('p', { class: 'label' }, label), el('p', { class: 'b-unknown' }, `This page cannot draw a ${e.type} field`));
  if (e.type === 'checkboxes' || e.type === 'radio_buttons') {
    return el('fieldset', { class: 'form-field', 'data-input': block.block_id }, el('legend', { class: 'label' }, label), make(e, typed, block), hint, wrong);
  }
  return el('label', { class: 'form-field', 'data-input': block.block_id }, el('span', { class: 'label' }, label), make(e, typed, block), hint, wrong);
}

const fields = {
  plain_text_input: (e, typed) => el(e.multiline ? 'textarea' : 'input', {
    'data-field': e.action_id, 'data-type': e.type, value: typed?.value ?? e.initial_value ?? '',
    placeholder: e.placeholder?.text ?? '', maxLength: e.max_length ?? 3000, autocomplete: 'off', spellcheck: false,
  }),
  number_input: (e, typed) => el('input', {
    'data-field': e.action_id, 'data-type': e.type, inputMode: 'decimal', value: typed?.value ?? e.initial_value ?? '',
  }),
  datepicker: (e, typed) => el('input', { type: 'date', 'data-field': e.action_id, 'data-type': e.type, value: typed?.selected_date ?? e.initial_date ?? '' }),
  timepicker: (e, typed) => el('input', { type: 'time', 'data-field': e.action_id, 'data-type': e.type, value: typed?.selected_time ?? e.initial_time ?? '' }),
  static_select: (e, typed) => {
    const chosen = (typed?.selected_option ?? e.initial_option)?.value ?? '';
    const options = e.options ?? (e.option_groups ?? []).flatMap((g) => g.options);
    return el('select', { 'data-field': e.action_id, 'data-type': e.type },
      el('option', { value: '' }, e.placeholder?.text ?? 'Choose…'),
      options.map((o) => el('option', { value: o.value, selected: o.value === chosen }, o.text?.text ?? o.value)));
  },
  checkboxes: (e, typed, block) => choices('checkbox', e, (typed?.selected_options ?? e.initial_options ?? []).map((o) => o.value), block),
  radio_buttons: (e, typed, block) => choices('radio', e, [(typed?.selected_option ?? e.initial_option)?.value], block),
};

function choices(type, e, chosen, block) {
  return el('div', { 'data-field': e.action_id, 'data-type': e.type }, (e.options ?? []).map((o) => el('label', { class: 'choice' },
    el('input', { type, name: `${block.block_id}/${e.action_id}`, value: o.value, checked: chosen.includes(o.value) }),
    el('span', {}, textObject(o.text), o.description && el('small', {}, textObject(o.description))))));
}

/** What a form holds, by block id and action id, each as Slack shapes it. */
export function readInputs(form, blocks) {
  const values = {};
  for (const block of blocks.filter((b) => b.type === 'input')) {
    const e = block.element;
    const field = form.querySelector(`[data-input="${CSS.escape(block.block_id)}"] [data-field]`);
    if (field) values[block.block_id] = { [e.action_id]: { type: e.type, ...readers[e.type](field, e) } };
  }
  return values;
}

const optionsOf = (e) => e.options ?? (e.option_groups ?? []).flatMap((g) => g.options);
const picked = (field, e) => {
  const on = [...field.querySelectorAll('input:checked')].map((i) => i.value);
  return optionsOf(e).filter((o) => on.includes(o.value));
};

const readers = {
  plain_text_input: (field) => ({ value: field.value || null }),
  number_input: (field) => ({ value: field.value || null }),
  datepicker: (field) => ({ selected_date: field.value || null }),
  timepicker: (field) => ({ selected_time: field.value || null }),
  static_select: (field, e) => ({ selected_option: optionsOf(e).find((o) => o.value === field.value) ?? null }),
  checkboxes: (field, e) => ({ selected_options: picked(field, e) }),
  radio_buttons: (field, e) => ({ selected_option: picked(field, e)[0] ?? null }),
};

/** Shows the sentence for each field that was not accepted. */
export function showErrors(form, errors) {
  let first = null;
  for (const field of form.querySelectorAll('[data-input]')) {
    const sentence = errors[field.dataset.input];
    const wrong = field.querySelector('.wrong');
    wrong.hidden = !sentence;
    wrong.textContent = sentence ?? '';
    const control = field.querySelector('input, textarea, select');
    control?.setAttribute('aria-invalid', String(Boolean(sentence)));
    if (sentence) first ??= control;
  }
  first?.focus();
}
