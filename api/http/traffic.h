/*
 * traffic.h - what the API has answered since its start: requests by route, method
 * and status, how long they took, and who was refused.
 */
#ifndef API_HTTP_TRAFFIC_H
#define API_HTTP_TRAFFIC_H

#include "common/buf.h"

struct request;
struct traffic;

struct traffic *traffic_new(void);
void traffic_free(struct traffic *t);
/* Once per answer; r->code is its status. */
void traffic_add(struct traffic *t, const struct request *r);
/* The families of these figures, in Prometheus' form. */
void traffic_metrics(const struct traffic *t, struct buf *out);

#endif
