/*
 * Who in a pool is out, as far as hosts tell each other: users who failed, and
 * those of whom Zoom says that they are gone, or back.
 */

#ifndef _NGX_HTTP_ZOOM_SHARED_USER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SHARED_USER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "zoom_seal.h"


typedef enum {
    NGX_HTTP_ZOOM_SHARED_USER_GONE = 0,
    NGX_HTTP_ZOOM_SHARED_USER_BACK,
    NGX_HTTP_ZOOM_SHARED_USER_FAILED,
    NGX_HTTP_ZOOM_SHARED_USER_WORKS          /* after it has failed */
} ngx_http_zoom_shared_user_e;


typedef struct {
    ngx_http_zoom_shared_user_e  what;
    ngx_str_t                    pool;
    ngx_str_t                    name;       /* e-mail, or as in the pool */
    ngx_str_t                    id;         /* either may be empty */
    ngx_uint_t                   fails;      /* in a row */
    int                          code;       /* Zoom's, of the last */
    ngx_msec_t                   left;       /* it is out for so long */
    ngx_msec_t                   age;        /* since that was told */
} ngx_http_zoom_shared_user_t;


/* Of any host, this one as well; in the order of the store. */

typedef void (*ngx_http_zoom_shared_user_pt)(
    const ngx_http_zoom_shared_user_t *user);


/* In a worker, where there is such a store. */
void ngx_http_zoom_shared_user_init(const zoom_seal_t *seal,
    ngx_http_zoom_shared_user_pt told);

/* Lets others know, unless the store is away. */
void ngx_http_zoom_shared_user_tell(const ngx_http_zoom_shared_user_t *user);

/* Whether that was news of it, as of ngx_http_zoom_missed_pt. */
ngx_uint_t ngx_http_zoom_shared_user_news(const ngx_str_t *text, int64_t age);


#endif /* _NGX_HTTP_ZOOM_SHARED_USER_H_INCLUDED_ */
