/*
 * The grants of users in Redis, with the queries of SQLite.  What a script has
 * written is as durable as the operator makes Redis: the answer is what a query
 * waits for.
 *
 * One host at a time refreshes a grant: who reads the token to do so is given a
 * turn, which has a number that grows, and 40 seconds, and what it writes after
 * a later turn has written is refused.
 *
 * Tokens and names are sealed, bound to their grant, and found by digests.
 */

#ifndef _NGX_HTTP_ZOOM_REDIS_GRANTS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_GRANTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_grants.h"


/* As the functions of ngx_http_zoom_grants.h. */

void ngx_http_zoom_redis_grants_init(const ngx_http_zoom_store_conf_t *store,
    ngx_http_zoom_grants_count_pt counted, ngx_log_t *log);
void ngx_http_zoom_redis_grants_exit(void);
ngx_int_t ngx_http_zoom_redis_grants_post(ngx_http_zoom_grants_ask_t *ask);
const u_char *ngx_http_zoom_redis_grants_trouble(void);


#endif /* _NGX_HTTP_ZOOM_REDIS_GRANTS_H_INCLUDED_ */
