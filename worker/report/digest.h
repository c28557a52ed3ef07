/*
 * digest.h - one SHA-256 over everything that a session did: orders, legs, fills and the paper
 * venue's bookings, in order. Two runs with equal digests did the same.
 */
#ifndef WORKER_REPORT_DIGEST_H
#define WORKER_REPORT_DIGEST_H

#include "common/crypto.h"
#include "worker/trade/report.h"
#include "worker/venue/sim/store.h"

struct digest;

struct digest *digest_new(void);
void digest_free(struct digest *d);
struct reporter digest_reporter(struct digest *d);
struct sim_store digest_sim_store(struct digest *d);
/* Once, at the end. */
void digest_hex(struct digest *d, char out[SHA256_HEX_MAX]);
uint64_t digest_lines(const struct digest *d);

#endif
