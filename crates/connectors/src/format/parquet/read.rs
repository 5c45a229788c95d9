//! Reads Parquet files by row groups.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use ::parquet::basic::Type as PhysicalType;
use ::parquet::errors::ParquetError;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use sdk::{Column, Error, Extension, Kind, ReadOptions, Result};

use crate::format::background::BatchSender;
use crate::format::kind::TextKind;
use crate::format::layout::{self, ColumnEntry, Pick, wants_all};

/// Rows that are read to learn how long texts are.
const MEASURED_ROWS: usize = 64;

/// An opened file and its footer.
pub(crate) struct ParquetFile {
    file: File,
    name: String,
    metadata: ArrowReaderMetadata,
}

impl ParquetFile {
    /// Reads the footer.
    pub(crate) fn open(file: File, name: &str) -> Result<ParquetFile> {
        let broken = |error| broken(name, error);
        let metadata =
            ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(broken)?;
        let plain = Arc::new(plain_schema(&metadata));
        // The file may remember types that differ only in their layout in memory, and the library would
        // read timestamps of the old kind as nanoseconds, of which 64 bits hold three centuries.
        let metadata = if plain == *metadata.schema() {
            metadata
        } else {
            let options = ArrowReaderOptions::new().with_schema(plain);
            ArrowReaderMetadata::try_new(metadata.metadata().clone(), options).map_err(broken)?
        };
        Ok(ParquetFile {
            file,
            name: name.to_string(),
            metadata,
        })
    }

    /// The file's columns.
    pub(crate) fn columns(&self) -> Vec<Column> {
        let fields = self.metadata.schema().fields().iter();
        fields.map(|field| column(field)).collect()
    }

    /// Rows of each row group.
    pub(crate) fn row_groups(&self) -> Vec<u64> {
        let groups = self.metadata.metadata().row_groups().iter();
        groups
            // No more than can be added up, whatever a damaged footer says.
            .map(|group| group.num_rows().clamp(0, 1 << 40).unsigned_abs())
            .collect()
    }

    /// The plan of a column list: the columns that readers of this file and its like offer.
    pub(crate) fn plan(&self, entries: &[ColumnEntry]) -> Result<ParquetPlan> {
        let available = self.columns();
        let names: Vec<String> = available.iter().map(|column| column.name.clone()).collect();
        if wants_all(entries) {
            for name in &names {
                position(&Pick::Name(name.clone()), &names, &self.name)?;
            }
            return Ok(ParquetPlan {
                picks: names.into_iter().map(Pick::Name).collect(),
                columns: available,
            });
        }
        let mut plan = ParquetPlan {
            picks: Vec::new(),
            columns: Vec::new(),
        };
        for wanted in layout::plan(entries, false)? {
            if wanted.kind != TextKind::Text || wanted.pattern.is_some() {
                return Err(Error::new(
                    Kind::Config,
                    format!(
                        "column \"{}\" cannot be given a type or format, since Parquet files have their own",
                        wanted.name
                    ),
                )
                .hint("leave `type` and `format` out of the column"));
            }
            let column = match &wanted.pick {
                Pick::Constant(_) => wanted.column(),
                pick => {
                    let place = position(pick, &names, &self.name)?;
                    let mut column = available[place].clone();
                    column.name.clone_from(&wanted.name);
                    if let Pick::Name(name) = pick {
                        // The file's spelling, whatever case the job uses.
                        if *name == wanted.name {
                            column.name.clone_from(&names[place]);
                        }
                    }
                    column
                }
            };
            plan.picks.push(wanted.pick);
            plan.columns.push(column);
        }
        Ok(plan)
    }

    fn rows(
        &self,
        groups: &Range<usize>,
        mask: &ProjectionMask,
    ) -> Result<ParquetRecordBatchReaderBuilder<File>> {
        let file = self.file.try_clone();
        let file = file.map_err(|error| crate::store::read_error(&self.name, error))?;
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        Ok(builder
            .with_row_groups(groups.clone().collect())
            .with_projection(mask.clone()))
    }

    /// The average size of a row in a batch, so that batches can be bounded. A dictionary holds a long
    /// text once, however many rows repeat it; where the file does not tell how long its texts are in
    /// all, the first rows do.
    fn row_bytes(&self, groups: &Range<usize>, mask: &ProjectionMask) -> Result<usize> {
        let groups_read = &self.metadata.metadata().row_groups()[groups.clone()];
        let (mut rows, mut bytes, mut hidden) = (0_u64, 0_u64, false);
        for group in groups_read {
            rows = rows.saturating_add(group.num_rows().max(0).unsigned_abs());
            for column in group.columns() {
                let texts = column.unencoded_byte_array_data_bytes();
                let size = texts.unwrap_or(0).max(column.uncompressed_size()).max(0);
                bytes = bytes.saturating_add(size.unsigned_abs());
                hidden |= texts.is_none()
                    && column.column_type() == PhysicalType::BYTE_ARRAY
                    && column.dictionary_page_offset().is_some();
            }
        }
        let average = (bytes / rows.max(1)) as usize;
        if !hidden {
            return Ok(average);
        }
        let first = self.rows(groups, mask)?.with_limit(MEASURED_ROWS);
        let first = first.with_batch_size(MEASURED_ROWS).build();
        let batch = first.map_err(|error| broken(&self.name, error))?.next();
        let batch = batch.transpose();
        let batch = batch.map_err(|error| broken(&self.name, error.into()))?;
        let measured = batch.map_or(0, |batch| {
            batch.get_array_memory_size() / batch.num_rows().max(1)
        });
        Ok(average.max(measured))
    }

    /// Sends the rows of these row groups.
    pub(crate) fn read(
        self,
        groups: Range<usize>,
        plan: &ParquetPlan,
        options: &ReadOptions,
        sender: &BatchSender,
    ) -> Result<()> {
        let names: Vec<String> = self
            .columns()
            .into_iter()
            .map(|column| column.name)
            .collect();
        let mut places = Vec::with_capacity(plan.picks.len());
        for pick in &plan.picks {
            places.push(match pick {
                Pick::Constant(_) => None,
                pick => Some(position(pick, &names, &self.name)?),
            });
        }
        let mut roots: Vec<usize> = places.iter().copied().flatten().collect();
        roots.sort_unstable();
        roots.dedup();
        let descriptor = self.metadata.metadata().file_metadata().schema_descr();
        let mask = ProjectionMask::roots(descriptor, roots.clone());
        let rows_per_batch = options.batch_bytes / self.row_bytes(&groups, &mask)?.max(1);
        let name = self.name.clone();
        let reader = self
            .rows(&groups, &mask)?
            .with_batch_size(rows_per_batch.clamp(1, options.batch_rows.max(1)))
            .build()
            .map_err(|error| broken(&name, error))?;
        let fields: Vec<Field> = plan.columns.iter().map(Column::field).collect();
        let schema = Arc::new(Schema::new(fields));
        for batch in reader {
            let batch = batch.map_err(|error| broken(&name, error.into()))?;
            let row_count = batch.num_rows();
            let mut arrays: Vec<ArrayRef> = Vec::with_capacity(places.len());
            for (place, pick) in places.iter().zip(&plan.picks) {
                arrays.push(match (place, pick) {
                    (_, Pick::Constant(value)) => Arc::new(StringArray::from_iter_values(
                        std::iter::repeat_n(value, row_count),
                    )),
                    (Some(root), _) => {
                        let at = roots.binary_search(root).unwrap_or_default();
                        batch.column(at).clone()
                    }
                    (None, _) => return Err(Error::internal("a Parquet column has no place")),
                });
            }
            check_types(&arrays, &schema, &name)?;
            let options = RecordBatchOptions::new().with_row_count(Some(row_count));
            let batch = RecordBatch::try_new_with_options(schema.clone(), arrays, &options)?;
            if !sender.send(batch.into()) {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What is read from every file: found in each by name or position, with the types of the first.
#[derive(Debug, Clone)]
pub(crate) struct ParquetPlan {
    pub(crate) columns: Vec<Column>,
    picks: Vec<Pick>,
}

fn position(pick: &Pick, names: &[String], file: &str) -> Result<usize> {
    match pick {
        Pick::Name(name) if names.iter().filter(|other| *other == name).count() > 1 => {
            Err(Error::new(
                Kind::Config,
                format!("file {file} has several columns called \"{name}\""),
            )
            .hint("list the columns by their `index`, which counts from 0"))
        }
        Pick::Name(name) => layout::position_of(names, name)
            .ok_or_else(|| layout::unknown_column(name, names, file)),
        Pick::Index(index) if *index < names.len() => Ok(*index),
        Pick::Index(index) => Err(Error::new(
            Kind::NotFound,
            format!(
                "file {file} has no column at index {index}, only {} columns",
                names.len()
            ),
        )),
        Pick::Constant(_) => Err(Error::internal("a constant has no position in a file")),
    }
}

fn check_types(arrays: &[ArrayRef], schema: &SchemaRef, file: &str) -> Result<()> {
    for (array, field) in arrays.iter().zip(schema.fields()) {
        if array.data_type() != field.data_type() {
            return Err(Error::new(
                Kind::Data,
                format!(
                    "column \"{}\" of {file} is {}, but {} in the first file",
                    field.name(),
                    array.data_type(),
                    field.data_type()
                ),
            )
            .hint("read files of different types by separate jobs"));
        }
    }
    Ok(())
}

/// The schema with dictionaries, views and large offsets replaced by the plain types, and timestamps
/// of 96 bits in microseconds.
fn plain_schema(metadata: &ArrowReaderMetadata) -> Schema {
    let schema = metadata.schema();
    let descriptor = metadata.metadata().file_metadata().schema_descr();
    let old_timestamp = |root: usize| {
        let field = descriptor.root_schema().get_fields().get(root);
        field.is_some_and(|field| {
            field.is_primitive() && field.get_physical_type() == PhysicalType::INT96
        })
    };
    let fields: Fields = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(root, field)| match plain_field(field) {
            field if old_timestamp(root) => {
                field.with_data_type(DataType::Timestamp(TimeUnit::Microsecond, None))
            }
            field => field,
        })
        .collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

fn plain_field(field: &Field) -> Field {
    let data_type = plain_type(field.data_type());
    Field::new(field.name(), data_type, field.is_nullable()).with_metadata(field.metadata().clone())
}

fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, value) => plain_type(value),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        DataType::List(item) | DataType::ListView(item) => {
            DataType::List(Arc::new(plain_field(item)))
        }
        DataType::LargeList(item) | DataType::LargeListView(item) => {
            DataType::List(Arc::new(plain_field(item)))
        }
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| plain_field(field)).collect())
        }
        other => other.clone(),
    }
}

fn column(field: &Field) -> Column {
    let mut column = Column::new(field.name(), field.data_type().clone());
    column.nullable = field.is_nullable();
    column.extension = match field
        .metadata()
        .get("ARROW:extension:name")
        .map(String::as_str)
    {
        Some("arrow.uuid") => Some(Extension::Uuid),
        Some("arrow.json") => Some(Extension::Json),
        _ => None,
    };
    column
}

fn broken(name: &str, error: ParquetError) -> Error {
    Error::new(Kind::Data, format!("cannot read {name} as a Parquet file"))
        .source(error)
        .hint("check that the file is complete, or set `fileFormat`")
}
