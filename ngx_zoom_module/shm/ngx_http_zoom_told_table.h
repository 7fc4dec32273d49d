/* What a zone remembers of its lines in the error log. */

#ifndef _NGX_HTTP_ZOOM_TOLD_TABLE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_TOLD_TABLE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "zoom_log_once.h"


#define NGX_HTTP_ZOOM_TOLD_MAX    128
#define NGX_HTTP_ZOOM_TOLD_PARTS  4


/* Of what goes wrong: for whom, and what.  Hashes, of which none is 0. */

typedef struct {
    uint32_t                     owner;      /* an account's place, or 0 */
    uint64_t                     whom;
    uint64_t                     what;
} ngx_http_zoom_news_t;


typedef struct {
    ngx_http_zoom_news_t         news;       /* all zero: free */
    zoom_log_once_t              once;
    ngx_atomic_t                 more;       /* not in once.count yet */
} ngx_http_zoom_told_entry_t;


typedef struct {
    ngx_atomic_t                 any;        /* 0: all entries are free */
    int64_t                      crowded;    /* when one gave way last */
    int64_t                      paced;      /* news up to now used up the
                                                seconds until then */
    ngx_http_zoom_told_entry_t   entries[NGX_HTTP_ZOOM_TOLD_MAX];
} ngx_http_zoom_told_t;


#endif /* _NGX_HTTP_ZOOM_TOLD_TABLE_H_INCLUDED_ */
