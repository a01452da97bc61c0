import { mount } from 'svelte';
import Recording from './pages/Recording.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/code.css';

const target = document.getElementById('app');
const lines = document.getElementById('recording')?.textContent ?? '';
if (target) mount(Recording, { target, props: { lines } });
