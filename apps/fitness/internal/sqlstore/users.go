package sqlstore

import (
	"context"
	"time"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
)

// userColumns leaves the password hash out: only Credentials reads it.
const userColumns = "id, name, email, role, bio, weekly_goal, last_login, login_count, created_at, updated_at"

func scanUser(row sqldb.Row) (train.User, error) {
	var u train.User
	var login time.Time
	err := row.Scan(&u.ID, &u.Name, &u.Email, &u.Role, &u.Bio, &u.WeeklyGoal, sqldb.Time{To: &login}, &u.LoginCount,
		sqldb.Time{To: &u.CreatedAt}, sqldb.Time{To: &u.UpdatedAt})
	if !login.IsZero() {
		u.LastLogin = &login
	}
	return u, err
}

// User returns one account, or ErrNotFound.
func (q queries) User(ctx context.Context, id string) (train.User, error) {
	return one(q.Read.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE id = $1", id), scanUser, "read user", "user", id)
}

// CreateUser makes an account; ErrConflict if the email has one.
func (q queries) CreateUser(ctx context.Context, d train.UserDraft) (train.User, error) {
	d, err := d.Normalize()
	if err != nil {
		return train.User{}, err
	}
	u, err := one(q.Write.QueryRowContext(ctx, `INSERT INTO users (id, name, email, role, bio, weekly_goal, password_hash, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING `+userColumns,
		train.NewID(), d.Name, d.Email, string(d.Role), d.Bio, d.WeeklyGoal, d.Hash.Reveal(), sqldb.Now()), scanUser, "create user", "user", "")
	return u, emailTaken(err, d.Email)
}

// emailTaken turns the database's refusal of a second account into the domain's.
func emailTaken(err error, email string) error {
	if sqldb.IsUnique(err) {
		return domain.Refuse(domain.ErrConflict, "email %q has an account", email)
	}
	return err
}

// UpdateUser changes what the patch names, in one statement that names only
// those columns.
func (q queries) UpdateUser(ctx context.Context, id string, p train.UserPatch) (train.User, error) {
	p, err := p.Normalize()
	if err != nil {
		return train.User{}, err
	}
	if p == (train.UserPatch{}) {
		return q.User(ctx, id)
	}
	var set sqldb.Assignments
	sqldb.Assign(&set, "name", p.Name)
	sqldb.Assign(&set, "email", p.Email)
	sqldb.Assign(&set, "bio", p.Bio)
	sqldb.Assign(&set, "weekly_goal", p.WeeklyGoal)
	u, err := q.updateUser(ctx, "update user", id, set)
	if p.Email != nil {
		err = emailTaken(err, *p.Email)
	}
	return u, err
}

func (q queries) updateUser(ctx context.Context, doing, id string, set sqldb.Assignments) (train.User, error) {
	set.Put("updated_at", sqldb.Now())
	query, args := set.Where("id", id)
	return one(q.Write.QueryRowContext(ctx, "UPDATE users "+query+" RETURNING "+userColumns, args...), scanUser, doing, "user", id)
}

// SetRole gives a role; ErrNotFound.
func (q queries) SetRole(ctx context.Context, id string, role train.Role) (train.User, error) {
	if err := role.Check(); err != nil {
		return train.User{}, err
	}
	var set sqldb.Assignments
	set.Put("role", string(role))
	return q.updateUser(ctx, "set role", id, set)
}

// HasAdmin reports whether any account is an admin's.
func (q queries) HasAdmin(ctx context.Context) (has bool, err error) {
	err = q.Read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM users WHERE role = $1)", string(train.RoleAdmin)).Scan(&has)
	return has, wrap("look for an admin", err)
}

// Credentials returns what a login is checked against, or ErrNotFound.
func (q queries) Credentials(ctx context.Context, email string) (train.Credentials, error) {
	email = domain.NormalizeEmail(email)
	return one(q.Read.QueryRowContext(ctx, "SELECT id, password_hash FROM users WHERE email = $1", email), func(row sqldb.Row) (c train.Credentials, err error) {
		err = row.Scan(&c.UserID, (*string)(&c.Hash))
		return c, err
	}, "read credentials", "account of", email)
}

// SetPassword replaces the hash; ErrNotFound.
func (q queries) SetPassword(ctx context.Context, id string, hash domain.PasswordHash) error {
	var set sqldb.Assignments
	set.Put("password_hash", hash.Reveal())
	_, err := q.updateUser(ctx, "set password", id, set)
	return err
}

// RecordLogin counts a login. updated_at stays: the profile is the same. The
// last login never goes back, whatever order two logins are written in.
func (q queries) RecordLogin(ctx context.Context, id string, at time.Time) (train.User, error) {
	return one(q.Write.QueryRowContext(ctx, `UPDATE users SET login_count = login_count + 1,
		last_login = CASE WHEN last_login > $2 THEN last_login ELSE $2 END WHERE id = $1 RETURNING `+userColumns,
		id, at.UTC().Truncate(time.Millisecond)), scanUser, "record login", "user", id)
}
