/*
 * As much of nginx as the files of the Lua module need that know requests
 * only by name: they run in a fuzzer, without nginx.
 */

#ifndef FUZZ_NGX_CONFIG_H_INCLUDED
#define FUZZ_NGX_CONFIG_H_INCLUDED


#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>


#define NGX_OK           0
#define NGX_ERROR       -1
#define NGX_AGAIN       -2
#define NGX_BUSY        -3
#define NGX_DECLINED    -5

#define NGX_CONF_UNSET  -1

#define NGX_LOG_ALERT    2
#define NGX_LOG_ERR      4
#define NGX_LOG_WARN     5
#define NGX_LOG_NOTICE   6
#define NGX_LOG_INFO     7
#define NGX_LOG_DEBUG    8

#define NGX_HTTP_FORBIDDEN  403
#define NGX_INT_T_LEN       20

#define ngx_inline  inline

#define ngx_min(a, b)  ((a) > (b) ? (b) : (a))
#define ngx_max(a, b)  ((a) < (b) ? (b) : (a))

#define ngx_strlen(s)         strlen((const char *) (s))
#define ngx_strcmp(a, b)      strcmp((const char *) (a), (const char *) (b))
#define ngx_memcmp(a, b, n)   memcmp((a), (b), (n))
#define ngx_memcpy(a, b, n)   (void) memcpy((a), (b), (n))
#define ngx_memzero(p, n)     (void) memset((p), 0, (n))
#define ngx_free              free
#define ngx_calloc(n, log)    calloc(1, (n))
#define ngx_str_null(s)       (s)->len = 0; (s)->data = NULL
#define ngx_random()          4711


typedef unsigned char         u_char;
typedef intptr_t              ngx_int_t;
typedef uintptr_t             ngx_uint_t;
typedef uintptr_t             ngx_msec_t;
typedef intptr_t              ngx_msec_int_t;

typedef struct ngx_pool_s     ngx_pool_t;
typedef struct ngx_conf_s     ngx_conf_t;


typedef struct {
    size_t                    len;
    u_char                   *data;
} ngx_str_t;


typedef struct {
    void                     *elts;
    ngx_uint_t                nelts;
} ngx_array_t;


typedef struct {
    ngx_uint_t                level;
} ngx_log_t;


typedef struct {
    const char               *name;
    void                     *spare_hook0;
} ngx_module_t;


typedef struct {
    ngx_log_t                *log;
    ngx_module_t            **modules;
} ngx_cycle_t;


typedef struct {
    time_t                    sec;
    ngx_uint_t                msec;
} ngx_time_t;


typedef struct {
    ngx_log_t                *log;
} ngx_connection_t;


typedef struct {
    void                    (*handler)(void *data);
    void                     *data;
} ngx_http_cleanup_t;


/* "conf" is that of the one module that there is. */

typedef struct {
    ngx_connection_t         *connection;
    ngx_pool_t               *pool;
    const void               *conf;
    ngx_http_cleanup_t        cleanup;
} ngx_http_request_t;


#define ngx_http_get_module_loc_conf(r, module)  (r)->conf


extern ngx_cycle_t  *ngx_cycle;
extern ngx_msec_t    ngx_current_msec;


void *ngx_pnalloc(ngx_pool_t *pool, size_t size);
ngx_http_cleanup_t *ngx_http_cleanup_add(ngx_http_request_t *r, size_t size);
void ngx_log_error(ngx_uint_t level, ngx_log_t *log, int err, const char *fmt,
    ...);
u_char *ngx_sprintf(u_char *buf, const char *fmt, ...);
u_char *ngx_snprintf(u_char *buf, size_t max, const char *fmt, ...);
void ngx_explicit_memzero(void *p, size_t n);
ngx_int_t ngx_hextoi(u_char *line, size_t n);
uint32_t ngx_crc32_long(u_char *p, size_t len);
ngx_time_t *ngx_timeofday(void);


#endif /* FUZZ_NGX_CONFIG_H_INCLUDED */
