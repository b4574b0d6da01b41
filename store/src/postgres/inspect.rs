//! What PostgreSQL knows about its schema, and rows that refer to nothing.

use crate::check::{Facts, Finding};
use crate::{Backend, Migration, Result, Row, Sql, Tx};

/// Rows that refer to nothing: possible after a restore with triggers off.
pub(crate) fn findings(tx: &mut Tx<'_>) -> Result<Vec<Finding>> {
    const REFERENCES: Sql = Sql::Both(
        "SELECT con.conrelid::regclass::text, con.confrelid::regclass::text,
            format('SELECT COUNT(*) FROM %s c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s p WHERE %s)',
                con.conrelid::regclass,
                string_agg(format('c.%I IS NOT NULL', child.attname), ' AND '),
                con.confrelid::regclass,
                string_agg(format('p.%I = c.%I', parent.attname, child.attname), ' AND '))
        FROM pg_constraint con
        JOIN pg_namespace space ON space.oid = con.connamespace
        CROSS JOIN LATERAL unnest(con.conkey, con.confkey) AS pair (child, parent)
        JOIN pg_attribute child ON child.attrelid = con.conrelid AND child.attnum = pair.child
        JOIN pg_attribute parent ON parent.attrelid = con.confrelid AND parent.attnum = pair.parent
        WHERE con.contype = 'f' AND space.nspname = current_schema()
        GROUP BY con.oid, con.conrelid, con.confrelid
        ORDER BY 1, 2",
    );
    tx.take_time()?;
    let references = tx.query(&REFERENCES, &[], reference)?;
    let mut findings = Vec::new();
    for Reference { child, parent, count } in references {
        let count = tx.number(&count)?;
        if count > 0 {
            let message = format!("{count} rows of {child} refer to rows of {parent} that do not exist");
            findings.push(Finding { code: "orphan_rows", message });
        }
    }
    Ok(findings)
}

/// The schema as it is.
pub(crate) fn found_facts(tx: &mut Tx<'_>) -> Result<Facts> {
    const FACTS: Sql = Sql::Both(
        "SELECT part, definition FROM (
            SELECT 'column ' || c.relname::text || '.' || a.attname::text AS part,
                format_type(a.atttypid, a.atttypmod)
                    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
                    || COALESCE(' COLLATE ' || l.collname::text, '')
                    || COALESCE(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') AS definition
            FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            LEFT JOIN pg_collation l ON l.oid = a.attcollation
            WHERE n.nspname = current_schema() AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT 'constraint ' || c.relname::text || '.' || k.conname::text, pg_get_constraintdef(k.oid)
            FROM pg_constraint k
            JOIN pg_class c ON c.oid = k.conrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema()
            UNION ALL
            SELECT 'index ' || indexname::text, replace(indexdef, schemaname::text || '.', '')
            FROM pg_indexes WHERE schemaname = current_schema()
        ) fact
        WHERE part NOT LIKE '% schema_migration%'
        ORDER BY part COLLATE \"C\"",
    );
    let facts = tx.query(&FACTS, &[], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(facts.into_iter().collect())
}

/// Builds the schema that the migrations make in a schema of its own; the caller rolls it back.
pub(super) fn facts(tx: &mut Tx<'_>, migrations: &[&Migration]) -> Result<Facts> {
    tx.script("CREATE SCHEMA paceline_check; SET LOCAL search_path TO paceline_check")?;
    for migration in migrations {
        tx.script(migration.script.text(Backend::Postgres))?;
    }
    found_facts(tx)
}

struct Reference {
    child: String,
    parent: String,
    count: String,
}

fn reference(row: &Row<'_>) -> Result<Reference> {
    Ok(Reference { child: row.get(0)?, parent: row.get(1)?, count: row.get(2)? })
}
