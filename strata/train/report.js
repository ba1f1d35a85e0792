'use strict';
(() => {
  const runs = JSON.parse(document.getElementById('data').textContent);
  const margin = {left: 52, right: 12, top: 8, bottom: 22};
  const manyPoints = 60;  // above it a curve is smoothed, with the values as they are behind it

  const element = (tag, attributes, parent, text) => {
    const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const name in attributes) e.setAttribute(name, attributes[name]);
    if (text !== undefined) e.textContent = text;
    parent.append(e);
    return e;
  };
  const colour = i => `var(--c${i % 8})`;
  const short = v => {
    const a = Math.abs(v);
    if (a === 0) return '0';
    if (a >= 1e6) return (v / 1e6).toPrecision(3).replace(/\.?0+$/, '') + 'M';
    if (a >= 1e4) return Math.round(v / 100) / 10 + 'k';
    if (a < 1e-3) return v.toExponential(1).replace('.0e', 'e');
    return String(+v.toPrecision(4));
  };

  // Mean over about a fiftieth of the curve, as much before as behind, so that nothing is delayed.
  const smoothed = ys => {
    const sums = [0], most = Math.ceil(ys.length / 100);
    for (const y of ys) sums.push(sums[sums.length - 1] + y);
    return ys.map((_, k) => {
      const reach = Math.min(most, k, ys.length - 1 - k);
      return (sums[k + reach + 1] - sums[k - reach]) / (2 * reach + 1);
    });
  };

  const niceTicks = (low, high, count) => {
    const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= rough);
    const ticks = [];
    for (let t = Math.ceil(low / step) * step; t <= high + step * 1e-6; t += step) ticks.push(t);
    return ticks;
  };
  const logTicks = (low, high) => {
    const ticks = [], decades = high - low;
    for (let d = Math.floor(low); d <= high; ++d) {
      for (const m of decades < 1.5 ? [1, 2, 3, 5] : decades < 3 ? [1, 3] : [1]) {
        const t = d + Math.log10(m);
        if (t >= low && t <= high) ticks.push(t);
      }
    }
    return ticks;
  };

  // Where most of the values lie: a single spike must not flatten the rest.
  const valueRange = curves => {
    let low = Infinity, high = -Infinity;
    for (const c of curves) {
      const sorted = c.drawn.concat(c.smooth).sort((a, b) => a - b);
      low = Math.min(low, sorted[Math.floor(sorted.length * .004)]);
      high = Math.max(high, sorted[Math.ceil(sorted.length * .996) - 1]);
    }
    if (low === high) { low -= Math.abs(low) * .1 || 1; high += Math.abs(high) * .1 || 1; }
    const room = (high - low) * .04;
    return [low - room, high + room];
  };

  const setUp = plot => {
    const name = plot.dataset.curve, button = plot.parentNode.querySelector('button');
    const all = runs.map((run, i) => ({...run.curves[name], i, run: run.name})).filter(c => c.x);
    const logOk = all.every(c => c.y.every(y => y > 0));
    let log = false;

    const draw = () => {
      const width = plot.clientWidth, height = plot.clientHeight;
      const up = v => log ? Math.log10(v) : v;
      for (const c of all) {
        c.drawn = c.y.map(up);
        c.smooth = c.y.length > manyPoints && name !== 'lr' ? smoothed(c.drawn) : c.drawn;
      }
      let x0 = Math.min(...all.map(c => c.x[0]));
      let x1 = Math.max(...all.map(c => c.x[c.x.length - 1]));
      if (x0 === x1) { x0 -= 1; x1 += 1; }
      const [y0, y1] = valueRange(all);
      const px = x => margin.left + (x - x0) / (x1 - x0) * (width - margin.left - margin.right);
      const py = y => height - margin.bottom -
        (y - y0) / (y1 - y0) * (height - margin.top - margin.bottom);
      plot.replaceChildren();
      const svg = element('svg', {role: 'img', 'aria-label': name}, plot);
      for (const t of log ? logTicks(y0, y1) : niceTicks(y0, y1, 5)) {
        element('line', {class: 'grid', x1: margin.left, x2: width - margin.right, y1: py(t),
                         y2: py(t)}, svg);
        element('text', {x: margin.left - 7, y: py(t) + 4, 'text-anchor': 'end'}, svg,
                short(log ? 10 ** t : t));
      }
      for (const t of niceTicks(x0, x1, Math.max(2, width / 90))) {
        if (t % 1 === 0) {
          element('text', {x: Math.min(px(t), width - margin.right - 8), y: height - 5,
                           'text-anchor': 'middle'}, svg, short(t));
        }
      }
      const clip = element('clipPath', {id: 'clip-' + name.replace(/\W/g, '-')}, svg);
      element('rect', {x: margin.left - 3, y: 0, width: width - margin.left - margin.right + 6,
                       height: height - margin.bottom + 3}, clip);
      const body = element('g', {'clip-path': `url(#${clip.id})`}, svg);
      const line = (c, ys, style) => element('path', {
        d: c.x.map((x, k) => (k ? 'L' : 'M') + px(x).toFixed(1) + ' ' + py(ys[k]).toFixed(1))
            .join(''),
        fill: 'none', stroke: colour(c.i), 'stroke-linejoin': 'round', ...style}, body);
      for (const c of all) {
        if (c.smooth !== c.drawn) line(c, c.drawn, {'stroke-width': 1, opacity: .28});
      }
      for (const c of all) {
        line(c, c.smooth, {'stroke-width': 1.8});
        if (c.x.length <= 30) {
          c.x.forEach((x, k) => element('circle', {cx: px(x), cy: py(c.drawn[k]), r: 2.6,
                                                   fill: colour(c.i)}, body));
        }
      }
      const cross = element('line', {class: 'cross', y1: margin.top, y2: height - margin.bottom,
                                     visibility: 'hidden'}, svg);
      const tip = document.createElement('div');
      tip.className = 'tip';
      tip.hidden = true;
      plot.append(tip);
      const point = event => {
        const at = event.clientX - plot.getBoundingClientRect().left;
        const x = x0 + (at - margin.left) / (width - margin.left - margin.right) * (x1 - x0);
        tip.replaceChildren();
        let shown = null;
        for (const c of all) {
          const k = c.x.reduce((best, v, j) => Math.abs(v - x) < Math.abs(c.x[best] - x) ? j : best,
                               0);
          if (shown === null) shown = c.x[k];
          const row = document.createElement('div'), key = document.createElement('span');
          key.className = 'key';
          key.style.background = colour(c.i);
          row.append(key, (all.length > 1 ? c.run + '  ' : '') + short(c.y[k]));
          tip.append(row);
        }
        tip.prepend('step ' + shown.toLocaleString('en'));
        cross.setAttribute('x1', px(shown));
        cross.setAttribute('x2', px(shown));
        cross.setAttribute('visibility', 'visible');
        tip.hidden = false;
        const left = px(shown) + 12;
        tip.style.left = Math.max(0, left + tip.offsetWidth > width ? left - 24 - tip.offsetWidth
                                                                    : left) + 'px';
      };
      const leave = () => {
        tip.hidden = true;
        cross.setAttribute('visibility', 'hidden');
      };
      svg.addEventListener('pointermove', point);
      svg.addEventListener('pointerdown', point);
      svg.addEventListener('pointerleave', leave);
    };

    button.hidden = !logOk || name === 'lr';
    button.addEventListener('click', () => {
      log = !log;
      button.setAttribute('aria-pressed', log);
      draw();
    });
    new ResizeObserver(draw).observe(plot);
  };
  document.querySelectorAll('.plot').forEach(setUp);
})();
