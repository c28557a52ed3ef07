#include "worker/model/objective.h"

#include <string.h>

static const struct objective OBJECTIVES[] = {
	{"binary:logistic", true},
	{"reg:logistic", true},
	{"binary:logitraw", false},
	{"reg:squarederror", false},
	{"reg:linear", false},
};

const struct objective *objective_find(const char *name)
{
	for (size_t i = 0; i < sizeof(OBJECTIVES) / sizeof(OBJECTIVES[0]); i++)
		if (strcmp(name, OBJECTIVES[i].name) == 0)
			return &OBJECTIVES[i];
	return NULL;
}

float objective_base(const struct objective *o, const struct booster *b)
{
	if (o->probability && !b->base_is_margin)
		return -logf(1.0f / b->base_score - 1.0f);
	return b->base_score;
}
