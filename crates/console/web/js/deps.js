// The libraries under one name, so that pages import from one place.

import { Component, h, render, Fragment } from '../vendor/preact.js';
import htm from '../vendor/htm.js';

export { Component, h, render, Fragment };
export { useState, useEffect, useRef, useMemo, useCallback, useId, useLayoutEffect } from '../vendor/hooks.js';
export { signal, computed, effect, batch, useSignal, useComputed } from '../vendor/signals.js';
export const html = htm.bind(h);
