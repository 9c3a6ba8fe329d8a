// Package headers puts the security headers on every reply of an application.
package headers
