// The claims: a filter by words, verdict and kind, and groups that unfold when a link leads into them.
(() => {
  const form = document.querySelector('.filter');
  if (!form) return;
  form.hidden = false;
  const parts = [...document.querySelectorAll('.part')];
  const none = document.querySelector('.none');
  let asked = false;

  // "Figure 8", "Fig. 8" and "Figs 8" are one word, and not the start of "Fig 80".
  const plain = text => text.toLowerCase().replace(/\bfig(?:ure)?s?\.?\s*(\d+)/g, 'fig-$1;');

  const apply = () => {
    const words = plain(form.words.value).split(/\s+/).filter(Boolean);
    const verdicts = new Set([...form.querySelectorAll('[name=verdict]:checked')].map(box => box.value));
    const about = form.about.value;
    asked = words.length > 0 || verdicts.size < 4 || about !== '';
    let shown = 0;
    for (const part of parts) {
      const title = part.querySelector('summary strong').textContent;
      let here = 0;
      for (const row of part.querySelectorAll('tbody tr')) {
        const text = plain(title + ' ' + row.textContent);
        row.hidden = !(verdicts.has(row.dataset.verdict) && (!about || row.dataset.about === about) && words.every(word => text.includes(word)));
        if (!row.hidden) here++;
      }
      part.hidden = here === 0;
      part.open = asked && here > 0;
      shown += here;
    }
    none.hidden = shown > 0;
    form.querySelector('output').textContent = asked ? `${shown} shown` : '';
  };

  const follow = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const part = target && target.closest('.part');
    if (!part) return;
    if (target.hidden || part.hidden) { form.reset(); apply(); }
    part.open = true;
    target.scrollIntoView();
  };

  form.addEventListener('input', apply);
  form.addEventListener('submit', event => event.preventDefault());
  form.unfold.addEventListener('click', () => {
    const open = parts.some(part => !part.hidden && !part.open);
    for (const part of parts) part.open = open && !part.hidden;
    form.unfold.textContent = open ? 'Fold all' : 'Unfold all';
  });
  addEventListener('hashchange', follow);
  // A link that is followed twice changes no hash.
  document.addEventListener('click', event => event.target.closest?.('a[href^="#"]') && setTimeout(follow));
  follow();
})();
