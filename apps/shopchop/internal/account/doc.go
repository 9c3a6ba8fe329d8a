// Package account is how people come into Shop & Chop: making an account, logging in
// and out, devices, a new password by mail, and the first admin.
//
// # What a stranger learns
//
// Logging in answers the same, in the same time, for a wrong password and for an account
// that is not there. Asking for a new password always answers the same, and the work is done
// after the answer. Making an account tells that an address has one: that cannot be avoided
// where the account can be used at once; it is limited like logging in.
//
// Five failures in a quarter of an hour end the attempts on an account, and those from an
// address, for that time; a browser that logged in before is known by a cookie, so that nobody
// can lock the owner out. See package guard.
//
// # When the password changes
//
// All sessions of the account end. A login that was under way with the old password
// finds the hash changed after its session began, and ends it itself; so whichever comes
// first, nobody stays in with the old one.
package account
