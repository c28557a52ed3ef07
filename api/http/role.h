/*
 * role.h - the roles of tokens. Each role may do everything that the roles before it may.
 */
#ifndef API_HTTP_ROLE_H
#define API_HTTP_ROLE_H

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_TRADER, ROLE_ADMIN };

/* "viewer"; ROLE_NONE is "none". */
const char *role_name(enum role r);
/* ROLE_NONE for an unknown name. */
enum role role_parse(const char *name);

#endif
