package shop

import (
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

// Role says what a user may do beyond the own things.
type Role string

// The roles there are.
const (
	RoleUser  Role = "user"
	RoleAdmin Role = "admin"
)

// User is an account as its owner sees it. The password hash is no part of it:
// see [Credentials].
type User struct {
	ID          int64      `json:"id"`
	Name        string     `json:"name"`
	Email       string     `json:"email"` // lower case
	Role        Role       `json:"role"`
	Preferences []string   `json:"preferences"`
	LastLogin   *time.Time `json:"lastLogin"` // nil before the first one
	LoginCount  int64      `json:"loginCount"`
	CreatedAt   time.Time  `json:"createdAt"`
	UpdatedAt   time.Time  `json:"updatedAt"`
}

// Actor is who asks for a change.
type Actor struct {
	UserID int64
	Admin  bool
}

// Actor returns the user as one who asks.
func (u User) Actor() Actor { return Actor{UserID: u.ID, Admin: u.Role == RoleAdmin} }

// PasswordHash is a secret that no printing shows.
type PasswordHash = domain.PasswordHash

// Credentials is what a login is checked against. It is never cached.
type Credentials struct {
	UserID int64
	Hash   PasswordHash
}

// UserDraft is what a new account is made of.
type UserDraft struct {
	Name        string   `json:"name"`
	Email       string   `json:"email"`
	Preferences []string `json:"preferences"`

	// Role and Hash come from the service and never from a request's body.
	Role Role         `json:"-"` // "" is taken as RoleUser
	Hash PasswordHash `json:"-"`
}

// UserPatch names what changes in a profile; a nil field stays as it is.
type UserPatch struct {
	Name        *string   `json:"name,omitempty"`
	Email       *string   `json:"email,omitempty"`
	Preferences *[]string `json:"preferences,omitempty"`
}

// Normalize returns the draft as it is stored, or an [InvalidError] that names
// every bad field.
func (d UserDraft) Normalize() (UserDraft, error) {
	var v validator
	if d.Role == "" {
		d.Role = RoleUser
	}
	if d.Role != RoleUser && d.Role != RoleAdmin {
		v.Fail("role", "%q, expected user or admin", d.Role)
	}
	p := UserPatch{Name: &d.Name, Email: &d.Email, Preferences: &d.Preferences}.check(&v)
	if err := v.Err(); err != nil {
		return UserDraft{}, err
	}
	d.Name, d.Email, d.Preferences = *p.Name, *p.Email, *p.Preferences
	return d, nil
}

// Normalize returns the patch as it is stored, or an [InvalidError] that names
// every bad field.
func (p UserPatch) Normalize() (UserPatch, error) {
	var v validator
	p = p.check(&v)
	if err := v.Err(); err != nil {
		return UserPatch{}, err
	}
	return p, nil
}

func (p UserPatch) check(v *validator) UserPatch {
	domain.Edit(&p.Name, func(s string) string { return v.Text("name", s, 1, 100, false) })
	domain.Edit(&p.Email, func(s string) string { return v.Email("email", s) })
	domain.Edit(&p.Preferences, func(in []string) []string { return v.Texts("preferences", in, 50, 100, false) })
	return p
}

// NormalizeEmail returns an address as it is stored and looked up.
func NormalizeEmail(address string) string { return domain.NormalizeEmail(address) }
