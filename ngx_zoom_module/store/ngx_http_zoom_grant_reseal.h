/*
 * Grants that an older key has sealed: a page of them is read, and what needs
 * it is written anew where nobody has changed it since.
 */

#ifndef _NGX_HTTP_ZOOM_GRANT_RESEAL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_GRANT_RESEAL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <hiredis/hiredis.h>

#include "ngx_http_zoom_grant_args.h"


/* The arguments of a page that comes after query->user. */
void ngx_http_zoom_grant_reseal_page(ngx_http_zoom_grant_put_t *put);

/* NGX_OK, or NGX_ERROR: the same page is to be read again. */
typedef void (*ngx_http_zoom_grant_reseal_pt)(void *data, ngx_int_t rc);

/*
 * That page has come, for the query.  NGX_AGAIN: "done" will be called; else
 * what it would be told.
 */

ngx_int_t ngx_http_zoom_grant_reseal(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply, ngx_http_zoom_grant_reseal_pt done, void *data);


#endif /* _NGX_HTTP_ZOOM_GRANT_RESEAL_H_INCLUDED_ */
