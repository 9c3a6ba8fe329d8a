package shop

import "github.com/redbrick-go/redbrick/apps/internal/domain"

// validator knows besides what every domain checks the rules of this one.
type validator struct{ domain.Validator }
