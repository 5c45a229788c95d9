//! A table as the statement that would make one like it, from what a browser says of its columns.

use sdk::{BrowsedColumn, Family};

/// `CREATE TABLE` with the types as the store prints them and every name quoted.
pub(crate) fn create_table(family: Family, table: &str, columns: &[BrowsedColumn]) -> String {
    let quote = match family {
        Family::Warehouse => '`',
        Family::Relational | Family::Files | Family::Synthetic => '"',
    };
    let is_path = matches!(family, Family::Files | Family::Synthetic);
    let name = match parts(table).filter(|_| !is_path) {
        Some(parts) => parts
            .iter()
            .map(|part| quoted(part, quote))
            .collect::<Vec<_>>()
            .join("."),
        None => quoted(table, quote),
    };
    let mut lines = Vec::new();
    let mut levels = Vec::new();
    for BrowsedColumn {
        column, partition, ..
    } in columns
    {
        let name = quoted(&column.name, quote);
        match (partition, column.nullable) {
            (true, _) => levels.push(format!("{name} {}", column.native)),
            (false, true) => lines.push(format!("    {name} {}", column.native)),
            (false, false) => lines.push(format!("    {name} {} NOT NULL", column.native)),
        }
    }
    let key: Vec<String> = columns
        .iter()
        .filter(|browsed| browsed.column.key)
        .map(|browsed| quoted(&browsed.column.name, quote))
        .collect();
    if !key.is_empty() {
        lines.push(format!("    PRIMARY KEY ({})", key.join(", ")));
    }
    let partitioned = match levels.is_empty() {
        true => String::new(),
        false => format!("\nPARTITIONED BY ({})", levels.join(", ")),
    };
    format!(
        "CREATE TABLE {name} (\n{}\n){partitioned};\n",
        lines.join(",\n")
    )
}

/// A name in quotes that no content can end.
fn quoted(name: &str, quote: char) -> String {
    let doubled = name.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}

/// Cuts `schema."My Table"` at the dots outside of quotes; nothing if the quotes do not close.
fn parts(name: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut letters = name.chars().peekable();
    let mut is_quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                parts.last_mut()?.push('"');
            }
            '"' => is_quoted = !is_quoted,
            '.' if !is_quoted => parts.push(String::new()),
            letter => parts.last_mut()?.push(letter),
        }
    }
    let sound = !is_quoted && parts.iter().all(|part| !part.is_empty());
    sound.then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, native: &str) -> BrowsedColumn {
        // The Arrow type does not matter here.
        let mut column = sdk::Column::new(name, arrow_schema::DataType::Utf8).native(native);
        column.nullable = name != "id";
        column.key = name == "id";
        BrowsedColumn {
            partition: name == "pt",
            ..BrowsedColumn::new(column, "for the test")
        }
    }

    #[test]
    fn names_are_quoted_whatever_is_in_them() {
        let columns = [column("id", "bigint"), column("we\"ird; drop", "text")];
        assert_eq!(
            create_table(Family::Relational, "public.\"My \"\"T\"\".x\"", &columns),
            "CREATE TABLE \"public\".\"My \"\"T\"\".x\" (\n    \"id\" bigint NOT NULL,\n    \
             \"we\"\"ird; drop\" text,\n    PRIMARY KEY (\"id\")\n);\n"
        );
        let open = create_table(Family::Relational, "a.\"b", &columns[1..]);
        assert!(open.starts_with("CREATE TABLE \"a.\"\"b\" ("), "{open}");
    }

    #[test]
    fn partition_columns_stand_apart() {
        let columns = [column("name", "string"), column("pt", "string")];
        assert_eq!(
            create_table(Family::Warehouse, "h`pg", &columns),
            "CREATE TABLE `h``pg` (\n    `name` string\n)\nPARTITIONED BY (`pt` string);\n"
        );
    }

    #[test]
    fn a_path_is_one_name() {
        let text = create_table(Family::Files, "in/a.b.csv", &[column("c", "text")]);
        assert!(text.starts_with("CREATE TABLE \"in/a.b.csv\" ("), "{text}");
    }
}
