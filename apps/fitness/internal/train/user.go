package train

import (
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
)

// Role says what a user may do beyond the own things.
type Role string

// The roles there are.
const (
	RoleUser    Role = "user"
	RoleTrainer Role = "trainer" // writes exercises
	RoleAdmin   Role = "admin"   // that, and gives roles
)

// User is an account as its owner sees it. The password hash is no part of it:
// see [Credentials].
type User struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Email      string     `json:"email"` // lower case
	Role       Role       `json:"role"`
	Bio        string     `json:"bio"`
	WeeklyGoal int        `json:"weeklyGoal"` // workouts a week; 0 for none
	LastLogin  *time.Time `json:"lastLogin"`  // nil before the first one
	LoginCount int64      `json:"loginCount"`
	CreatedAt  time.Time  `json:"createdAt"`
	UpdatedAt  time.Time  `json:"updatedAt"`
}

// WritesExercises reports whether the user may write what all share.
func (u User) WritesExercises() bool { return u.Role == RoleTrainer || u.Role == RoleAdmin }

// Credentials is what a login is checked against. It is never cached.
type Credentials struct {
	UserID string
	Hash   domain.PasswordHash
}

// UserDraft is what a new account is made of.
type UserDraft struct {
	Name       string `json:"name"`
	Email      string `json:"email"`
	Bio        string `json:"bio"`
	WeeklyGoal int    `json:"weeklyGoal"`

	// Role and Hash come from the service and never from a request's body.
	Role Role                `json:"-"` // "" is taken as RoleUser
	Hash domain.PasswordHash `json:"-"`
}

// UserPatch names what changes in a profile; a nil field stays as it is.
type UserPatch struct {
	Name       *string `json:"name,omitempty"`
	Email      *string `json:"email,omitempty"`
	Bio        *string `json:"bio,omitempty"`
	WeeklyGoal *int    `json:"weeklyGoal,omitempty"`
}

// Normalize returns the draft as it is stored, or a domain.InvalidError that names
// every bad field.
func (d UserDraft) Normalize() (UserDraft, error) {
	var v domain.Validator
	if d.Role == "" {
		d.Role = RoleUser
	}
	checkRole(&v, d.Role)
	p := UserPatch{Name: &d.Name, Email: &d.Email, Bio: &d.Bio, WeeklyGoal: &d.WeeklyGoal}.check(&v)
	if err := v.Err(); err != nil {
		return UserDraft{}, err
	}
	d.Name, d.Email, d.Bio, d.WeeklyGoal = *p.Name, *p.Email, *p.Bio, *p.WeeklyGoal
	return d, nil
}

// Normalize returns the patch as it is stored, or a domain.InvalidError that names
// every bad field.
func (p UserPatch) Normalize() (UserPatch, error) {
	var v domain.Validator
	p = p.check(&v)
	if err := v.Err(); err != nil {
		return UserPatch{}, err
	}
	return p, nil
}

func (p UserPatch) check(v *domain.Validator) UserPatch {
	domain.Edit(&p.Name, func(s string) string { return v.Text("name", s, 1, 100, false) })
	domain.Edit(&p.Email, func(s string) string { return v.Email("email", s) })
	domain.Edit(&p.Bio, func(s string) string { return v.Text("bio", s, 0, 1000, true) })
	domain.Edit(&p.WeeklyGoal, func(n int) int { v.Number("weeklyGoal", int64(n), 0, 50); return n })
	return p
}

// Check refuses what is no role.
func (r Role) Check() error {
	var v domain.Validator
	checkRole(&v, r)
	return v.Err()
}

func checkRole(v *domain.Validator, r Role) {
	if r != RoleUser && r != RoleTrainer && r != RoleAdmin {
		v.Fail("role", "%q, expected user, trainer or admin", r)
	}
}

// CheckFollow refuses following oneself.
func CheckFollow(followerID, followeeID string) error {
	if followerID == followeeID {
		return domain.Invalid("id", "expected somebody else")
	}
	return nil
}
