"use strict";
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Figures leave the colors of text and grid to the page, so that they follow light and dark.
  const template = () => {
    const axis = {
      gridcolor: color("--line"), zerolinecolor: color("--line"), linecolor: color("--line"),
      tickcolor: color("--line"), showgrid: true, zeroline: false,
      title: { standoff: 8 },
    };
    return {
      layout: {
        font: { color: color("--ink") },
        xaxis: axis,
        yaxis: axis,
        hoverlabel: { bgcolor: color("--card"), bordercolor: color("--line"), font: { color: color("--ink") } },
      },
      data: { heatmap: [{ textfont: { color: color("--ink") } }] },
    };
  };
  const config = { displayModeBar: false, displaylogo: false, scrollZoom: false };

  const drawFigure = (source) => {
    const figure = JSON.parse(source.textContent);
    const place = document.getElementById(source.dataset.plot);
    // Dragging would zoom: on a phone it must scroll the page instead.
    const layout = { ...figure.layout, template: template(), dragmode: false, autosize: true };
    return Plotly.react(place, figure.data, layout, config);
  };

  const decode = (text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new Int16Array(bytes.buffer);
  };

  // A small point viewer on a plain canvas: browsers allow only a few WebGL pictures per page.
  class Cloud {
    constructor(canvas) {
      this.canvas = canvas;
      this.points = decode(canvas.dataset.points);
      this.yaw = 0.6;
      this.pitch = 0.35;
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        this.last = [event.clientX, event.clientY];
      });
      canvas.addEventListener("pointermove", (event) => {
        if (!this.last) return;
        this.yaw += (event.clientX - this.last[0]) * 0.012;
        this.pitch = Math.max(-1.5, Math.min(1.5, this.pitch + (event.clientY - this.last[1]) * 0.012));
        this.last = [event.clientX, event.clientY];
        this.draw();
      });
      for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { this.last = null; });
      this.draw();
    }

    draw() {
      const { canvas, points } = this;
      const context = canvas.getContext("2d");
      const side = canvas.width;
      const count = points.length / 3;
      const [cosYaw, sinYaw] = [Math.cos(this.yaw), Math.sin(this.yaw)];
      const [cosPitch, sinPitch] = [Math.cos(this.pitch), Math.sin(this.pitch)];
      const projected = [];
      for (let index = 0; index < count; index += 1) {
        const [x, y, z] = [0, 1, 2].map((axis) => points[3 * index + axis] / 32767);
        const across = cosYaw * x + sinYaw * z;
        const away = -sinYaw * x + cosYaw * z;
        projected.push([across, cosPitch * y - sinPitch * away, sinPitch * y + cosPitch * away, y]);
      }
      projected.sort((a, b) => a[2] - b[2]);
      context.clearRect(0, 0, side, side);
      for (const [across, up, depth, height] of projected) {
        const near = Math.max(0, Math.min(1, (depth + 1.2) / 2.4));
        const lightness = dark.matches ? 38 + 34 * near : 66 - 34 * near;
        context.fillStyle = `hsl(${212 + 60 * height} 62% ${lightness}%)`;
        const size = 1.6 + 2 * near;
        context.fillRect(side * (0.5 + 0.36 * across) - size / 2, side * (0.5 - 0.36 * up) - size / 2, size, size);
      }
    }
  }

  const sources = [...document.querySelectorAll("script[data-plot]")];
  const clouds = [...document.querySelectorAll("canvas.cloud")].map((canvas) => new Cloud(canvas));
  // Plotly's own "responsive" listens to the window only; a plot's box also changes when the page's layout does.
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) if (target.offsetWidth && target.data) Plotly.Plots.resize(target);
  });
  const drawn = Promise.all(sources.map(drawFigure));
  drawn.then((plots) => {
    plots.forEach((plot) => resized.observe(plot));
    document.documentElement.dataset.ready = String(plots.length);
  });
  dark.addEventListener("change", () => {
    sources.forEach(drawFigure);
    clouds.forEach((cloud) => cloud.draw());
  });
})();
