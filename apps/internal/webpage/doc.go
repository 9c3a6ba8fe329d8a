// Package webpage serves an application's page: its own files beside those that the
// pages share, with a policy under which no text can become markup.
//
// The shared scripts are modules like the page's own: dom.js (building blocks), api.js
// (requests), form.js and devices.js (accounts). They take from the page's own session.js
// who is logged in (session, forget), where the routes of accounts begin (accounts), and what to say
// of a 403 (forbidden). style.css is shared whole.
package webpage
