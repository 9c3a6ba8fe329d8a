package sqlstore

import (
	"context"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
)

// link adds a pair to a table and reports whether it is new.
func (q queries) link(ctx context.Context, table, left, right, leftID, rightID string) (bool, error) {
	changed, err := q.changed(ctx, "add to "+table, "INSERT INTO "+table+" ("+left+", "+right+", created_at) VALUES ($1, $2, $3) ON CONFLICT ("+left+", "+right+") DO NOTHING",
		leftID, rightID, sqldb.Now())
	if sqldb.IsForeignKey(err) {
		// The databases do not both say which of the two is missing.
		return false, domain.Refuse(domain.ErrNotFound, "%s or %s is not there", leftID, rightID)
	}
	return changed, err
}

func (q queries) unlink(ctx context.Context, table, left, right, leftID, rightID string) (bool, error) {
	return q.changed(ctx, "take from "+table, "DELETE FROM "+table+" WHERE "+left+" = $1 AND "+right+" = $2", leftID, rightID)
}

func scanID(row sqldb.Row) (id string, err error) {
	err = row.Scan(&id)
	return id, err
}

// SetFollow makes one user follow another and reports whether that is news.
func (q queries) SetFollow(ctx context.Context, followerID, followeeID string) (bool, error) {
	if err := train.CheckFollow(followerID, followeeID); err != nil {
		return false, err
	}
	return q.link(ctx, "follows", "follower_id", "followee_id", followerID, followeeID)
}

// UnsetFollow reports whether there was something to take away.
func (q queries) UnsetFollow(ctx context.Context, followerID, followeeID string) (bool, error) {
	return q.unlink(ctx, "follows", "follower_id", "followee_id", followerID, followeeID)
}

// Following returns those whom a user follows, the newest first.
func (q queries) Following(ctx context.Context, userID string) ([]string, error) {
	ids, err := sqldb.List(ctx, q.Read, scanID, "SELECT followee_id FROM follows WHERE follower_id = $1 ORDER BY created_at DESC, followee_id DESC", userID)
	return ids, wrap("read following", err)
}

// Followers returns those who follow a user, the newest first.
func (q queries) Followers(ctx context.Context, userID string) ([]string, error) {
	ids, err := sqldb.List(ctx, q.Read, scanID, "SELECT follower_id FROM follows WHERE followee_id = $1 ORDER BY created_at DESC, follower_id DESC", userID)
	return ids, wrap("read followers", err)
}

// SetFavorite adds a favourite and reports whether it is new.
func (q queries) SetFavorite(ctx context.Context, userID, exerciseID string) (bool, error) {
	return q.link(ctx, "favorites", "user_id", "exercise_id", userID, exerciseID)
}

// UnsetFavorite takes a favourite away and reports whether there was one.
func (q queries) UnsetFavorite(ctx context.Context, userID, exerciseID string) (bool, error) {
	return q.unlink(ctx, "favorites", "user_id", "exercise_id", userID, exerciseID)
}

// Favorites returns a user's favourite exercises, the newest favourite first.
func (q queries) Favorites(ctx context.Context, userID string) ([]train.Exercise, error) {
	exercises, err := sqldb.List(ctx, q.Read, scanExercise, "SELECT "+exerciseColumns+` FROM exercises
		JOIN (SELECT exercise_id, created_at AS liked_at FROM favorites WHERE user_id = $1) f ON f.exercise_id = id ORDER BY liked_at DESC, id DESC`, userID)
	return exercises, wrap("read favorites", err)
}
