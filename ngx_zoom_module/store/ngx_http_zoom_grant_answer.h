/* What Redis answers of grants. */

#ifndef _NGX_HTTP_ZOOM_GRANT_ANSWER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_GRANT_ANSWER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <hiredis/hiredis.h>

#include "ngx_http_zoom_sqlite.h"


/* Told how many grants there are. */

typedef void (*ngx_http_zoom_grant_counted_pt)(
    const ngx_http_zoom_grant_count_t *counts, ngx_uint_t n);


/* In a worker. */
void ngx_http_zoom_grant_answer_init(ngx_http_zoom_grant_counted_pt counted);

/* Reads an array into a query; q->rc is to be what is returned. */
ngx_int_t ngx_http_zoom_grant_answer(ngx_http_zoom_grant_query_t *q,
    const redisReply *reply);


#endif /* _NGX_HTTP_ZOOM_GRANT_ANSWER_H_INCLUDED_ */
