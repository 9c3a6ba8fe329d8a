// Package account is how people come into Fitness: making an account, logging in
// and out, tokens for clients without cookies, devices, and the first admin.
//
// A login is one session. A browser has its cookie; any other client has an access token
// of a quarter of an hour and a refresh token, which belong to the session and end with
// it. So "log out", "log out everywhere" and "end that device" hold for both.
//
// Logging in answers the same, in the same time, for a wrong password and for an account
// that is not there. Making an account tells that an address has one: that cannot be avoided
// where the account can be used at once; it is limited like logging in.
package account
